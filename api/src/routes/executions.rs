//! `/executions`: list, show and cancel.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use longshore_shared::catalogue::ExecutionQuery;
use longshore_shared::execution::{CancelReason, Status};
use longshore_shared::id::ExecutionKey;
use longshore_shared::job::Job;
use longshore_shared::store::Cancelled;
use tracing::{info, warn};

use crate::error::ApiError;
use crate::extract::{PathId, Query};
use crate::identity::permission::{Executor, Reader};
use crate::openapi::schemas;
use crate::state::ApiState;
use crate::view::{ExecutionPageView, ExecutionView};

/// Executions, the newest first. A page may be shorter than its limit: only one without `next_cursor` is the last.
#[utoipa::path(
    get, path = "/api/v1/claude/executions", operation_id = "list_executions",
    tag = "executions", security(("bearer" = [])),
    params(
        ("workspace_id" = Option<schemas::Workspace>, Query, description = "Of this workspace; without it of all that the caller may see"),
        ("session_id" = Option<Uuid>, Query, description = "Of this session"),
        ("status" = Option<schemas::Status>, Query, description = "In this status"),
        ("limit" = Option<usize>, Query, description = "Executions on a page, 50 when absent", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page", body = ExecutionPageView)),
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Reader(caller): Reader,
    mut query: Query,
) -> Result<Response, ApiError> {
    let workspace = query.take_workspace()?;
    let query = ExecutionQuery {
        session: query.take_session()?,
        status: query.take_status(&Status::ALL)?,
        after: query.take_cursor()?,
        limit: query.take_list_limit()?,
        reach: query.finish().and_then(|()| caller.reach(workspace))?,
    };
    let page = state.backends.catalogue.executions(&query).await?;
    Ok(Json(ExecutionPageView::from(&page)).into_response())
}

/// One execution.
#[utoipa::path(
    get, path = "/api/v1/claude/executions/{id}", operation_id = "show_execution",
    tag = "executions", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The execution")),
    responses((status = 200, description = "The execution", body = ExecutionView)),
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Reader(caller): Reader,
    PathId(id): PathId,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    let key = state.locate(id).await?;
    let execution = state.execution(key, &caller).await?;
    Ok(Json(ExecutionView::from(&execution)).into_response())
}

/// Cancels an execution. A second call changes nothing.
#[utoipa::path(
    post, path = "/api/v1/claude/executions/{id}/cancel", operation_id = "cancel_execution",
    tag = "executions", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The execution")),
    responses(
        (status = 200, description = "It had already ended", body = ExecutionView),
        (status = 202, description = "It will end, or has ended by this", body = ExecutionView),
    ),
)]
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    Executor(caller): Executor,
    PathId(id): PathId,
    query: Query,
) -> Result<Response, ApiError> {
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
            state.tallies.cancelled();
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
