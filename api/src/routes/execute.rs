//! `POST /execute`: checks the request, records the execution, queues its job.

use axum::extract::State;
use axum::response::IntoResponse;
use longshore_shared::idempotency::IdempotencyKey;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::error::ApiError;
use crate::extract::{Fields, Query, idempotency_key};
use crate::identity::permission::Executor;
use crate::middleware::trace::TraceId;
use crate::openapi::schemas;
use crate::state::ApiState;

mod accepted;
mod document;
mod fingerprint;
mod idempotency;
mod request;
mod submission;

use accepted::Accepted;
use fingerprint::fingerprint;
use idempotency::{HOLD, Once};
use request::ExecuteRequest;
use submission::Submission;

/// Accepts one execution: it is recorded, and its job is queued.
#[utoipa::path(
    post, path = "/api/v1/claude/execute", tag = "executions", security(("bearer" = [])),
    params(
        ("idempotency-key" = Option<schemas::IdempotencyKey>, Header, nullable = false, description = "The same key, caller and body within 24 h are answered with the same ids"),
        ("traceparent" = Option<String>, Header, nullable = false, description = "W3C trace context; its trace id is kept where it is well formed"),
    ),
    request_body = document::ExecuteRequest,
    responses((
        status = 202, description = "It is recorded and queued", body = accepted::ExecuteResponse,
        headers(
            ("location" = String, description = "The execution"),
            ("idempotency-replayed" = Option<String>, description = "`true` where an earlier request with this key was accepted"),
        ),
        links(
            ("show" = (
                operation_id = "show_execution", parameters(("id" = "$response.body#/execution_id")),
            )),
            ("cancel" = (
                operation_id = "cancel_execution", parameters(("id" = "$response.body#/execution_id")),
            )),
            ("events" = (
                operation_id = "list_events", parameters(("id" = "$response.body#/execution_id")),
            )),
            ("session" = (
                operation_id = "show_session", parameters(("id" = "$response.body#/session_id")),
            )),
            ("logs" = (
                operation_id = "list_logs", parameters(("id" = "$response.body#/session_id")),
            )),
            ("close" = (
                operation_id = "close_session", parameters(("id" = "$response.body#/session_id")),
            )),
        ),
    )),
)]
pub(crate) async fn execute(
    State(state): State<ApiState>,
    Executor(caller): Executor,
    trace: TraceId,
    query: Query,
    idempotency_key::IdempotencyKey(key): idempotency_key::IdempotencyKey,
    body: Fields,
) -> Result<impl IntoResponse, ApiError> {
    query.finish()?;
    let given = key.map(|key| (key, body.clone()));
    let request = ExecuteRequest::read(body, &state.settings)?;
    caller.may_name(&request.workspace_id)?;
    let tasks = state.tasks.clone();
    let submission = Submission::new(state, request, trace.place());
    let Some((key, body)) = given else {
        return to_the_end(&tasks, submission.submit()).await;
    };
    let key = IdempotencyKey::new(&caller.subject, &key);
    let fingerprint = fingerprint(body.as_map()).map_err(|_| ApiError::internal())?;
    to_the_end(
        &tasks,
        Once::new(key, fingerprint, HOLD, submission).submit(),
    )
    .await
}

/// Runs in a task of its own, which a stopping server waits for: a client that hangs up must not leave a record behind
/// whose job was never queued.
async fn to_the_end(
    tasks: &TaskTracker,
    submitting: impl Future<Output = Result<Accepted, ApiError>> + Send + 'static,
) -> Result<Accepted, ApiError> {
    let submitted = tasks.spawn(submitting.in_current_span()).await;
    submitted.map_err(|_| ApiError::internal())?
}
