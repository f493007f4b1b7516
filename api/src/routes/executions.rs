//! `/executions/{id}`: show and cancel.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use longshore_shared::execution::CancelReason;
use longshore_shared::id::ExecutionKey;
use longshore_shared::job::Job;
use longshore_shared::store::Cancelled;
use tracing::{info, warn};

use crate::error::ApiError;
use crate::extract::{PathId, Query};
use crate::identity::{Caller, Scope};
use crate::state::ApiState;
use crate::view::ExecutionView;

pub(crate) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Response, ApiError> {
    caller.may(Scope::Read)?;
    query.finish()?;
    let key = state.locate(id).await?;
    let execution = state.execution(key, &caller).await?;
    Ok(Json(ExecutionView::from(&execution)).into_response())
}

pub(crate) async fn cancel(
    State(state): State<ApiState>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Response, ApiError> {
    caller.may(Scope::Execute)?;
    query.finish()?;
    let key = state.locate(id).await?;
    state.execution(key, &caller).await?;
    let was_alive = request_cancel(&state, key).await?;
    let execution = state.execution(key, &caller).await?;
    let status = if was_alive {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(ExecutionView::from(&execution))).into_response())
}

/// Cancels; tells whether there was anything alive to cancel.
pub(crate) async fn request_cancel(state: &ApiState, key: ExecutionKey) -> Result<bool, ApiError> {
    match state
        .backends
        .store
        .cancel(key, CancelReason::Requested)
        .await?
    {
        Cancelled::AtOnce(next) => {
            info!(execution = %key.execution, "cancelled while pending");
            publish_next(state, next).await;
            Ok(true)
        }
        Cancelled::Asked => {
            info!(execution = %key.execution, "its worker was asked to cancel");
            Ok(true)
        }
        Cancelled::AlreadyEnded => Ok(false),
        Cancelled::Unknown => Err(ApiError::execution_not_found()),
    }
}

/// Queues the job that may run now that its predecessor in the session has ended. Where that fails, its parked copy
/// brings it back.
pub(crate) async fn publish_next(state: &ApiState, next: Option<Box<Job>>) {
    let Some(next) = next else { return };
    if let Err(error) = state.backends.queue.publish(&next).await {
        warn!(execution = %next.execution_id, %error, "could not queue the session's next job at once");
    }
}
