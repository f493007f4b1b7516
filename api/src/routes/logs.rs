//! `GET /sessions/{id}/logs`: the recorded events of all executions of a session, in order.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::ApiError;
use crate::extract::{PathSession, Query};
use crate::identity::permission::Reader;
use crate::openapi::schemas;
use crate::state::ApiState;

mod cursor;
mod walk;

pub(crate) use cursor::LogCursor;
use walk::Walk;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// The recorded events of all executions of a session, in order.
#[utoipa::path(
    get, path = "/api/v1/claude/sessions/{id}/logs", operation_id = "list_logs",
    tag = "sessions", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The session"),
        ("limit" = Option<usize>, Query, description = "Events on a page, 100 when absent", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
        ("order" = Option<schemas::LogOrder>, Query, description = "The oldest first (`asc`, when absent) or the newest"),
    ),
    responses((status = 200, description = "A page", body = schemas::LogPage)),
)]
pub(crate) async fn logs(
    State(state): State<ApiState>,
    Reader(caller): Reader,
    PathSession(id): PathSession,
    mut query: Query,
) -> Result<Response, ApiError> {
    let order = query.take_order()?;
    let from = query.take_cursor()?;
    if from.is_some_and(|from: LogCursor| from.order != order) {
        return Err(ApiError::invalid_cursor());
    }
    let limit = query.take_limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    query.finish()?;
    state.session(id, &caller).await?;
    let mut walk = Walk::new(&state.backends, id, order, limit);
    let next = walk.run(from).await?;
    let (count, logs) = (walk.logs.count(), walk.logs);
    let next = next.map(|next| next.to_string());
    let rest = format!(
        r#","session_id":"{id}","count":{count},"next_cursor":{}"#,
        json!(next)
    );
    let body = logs.into_object("logs", &rest);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
