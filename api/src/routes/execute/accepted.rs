//! The answer to an accepted execution.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use longshore_shared::execution::Status;
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// 202, for this request or for an earlier one with the same key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) ids: ExecutionKey,
    pub(super) replayed: bool,
}

impl Accepted {
    pub(super) fn new(ids: ExecutionKey) -> Self {
        Self {
            ids,
            replayed: false,
        }
    }

    pub(super) fn again(ids: ExecutionKey) -> Self {
        Self {
            ids,
            replayed: true,
        }
    }
}

/// An execution that was accepted.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecuteResponse {
    #[schema(value_type = Uuid)]
    execution_id: ExecutionId,
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    /// Always `pending`
    #[schema(value_type = schemas::Status)]
    status: Status,
    #[schema(example = "/ws/executions/018f2f6e-7b1a-7c3d-9a51-3f6f0f6b2c11")]
    websocket_url: String,
    events_url: String,
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let execution_id = self.ids.execution;
        let path = format!("/api/v1/claude/executions/{execution_id}");
        let body = ExecuteResponse {
            execution_id,
            session_id: self.ids.session,
            status: Status::Pending,
            websocket_url: format!("/ws/executions/{execution_id}"),
            events_url: format!("{path}/events"),
        };
        let location = [(header::LOCATION, path)];
        let mut response = (StatusCode::ACCEPTED, location, Json(body)).into_response();
        if self.replayed {
            let headers = response.headers_mut();
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
