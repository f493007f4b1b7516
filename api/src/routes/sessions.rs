//! `/sessions`: list, show and close.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use longshore_shared::catalogue::SessionQuery;
use longshore_shared::execution::CancelReason;
use longshore_shared::id::SessionId;
use longshore_shared::session::SessionStatus;
use longshore_shared::store::{Cancelled, Closed};
use serde_json::json;
use tracing::{Instrument as _, info};

use crate::error::ApiError;
use crate::extract::{PathSession, Query};
use crate::identity::permission::{Executor, Reader};
use crate::openapi::schemas;
use crate::state::ApiState;
use crate::view::{SessionPageView, SessionView};

/// Sessions, the one with the newest activity first, in the order of the moment in which the first page was read. A page
/// may be shorter than its limit: only one without `next_cursor` is the last.
#[utoipa::path(
    get, path = "/api/v1/claude/sessions", operation_id = "list_sessions",
    tag = "sessions", security(("bearer" = [])),
    params(
        ("workspace_id" = Option<schemas::Workspace>, Query, description = "Of this workspace; without it of all that the caller may see"),
        ("status" = Option<schemas::SessionStatus>, Query, description = "In this status"),
        ("limit" = Option<usize>, Query, description = "Sessions on a page, 50 when absent", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before, good for an hour"),
    ),
    responses((status = 200, description = "A page", body = SessionPageView)),
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Reader(caller): Reader,
    mut query: Query,
) -> Result<Response, ApiError> {
    let workspace = query.take_workspace()?;
    let query = SessionQuery {
        status: query.take_status(&SessionStatus::ALL)?,
        after: query.take_cursor()?,
        limit: query.take_list_limit()?,
        reach: query.finish().and_then(|()| caller.reach(workspace))?,
    };
    let page = state.backends.catalogue.sessions(&query).await?;
    Ok(Json(SessionPageView::from(&page)).into_response())
}

/// One session.
#[utoipa::path(
    get, path = "/api/v1/claude/sessions/{id}", operation_id = "show_session",
    tag = "sessions", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "The session", body = SessionView)),
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Reader(caller): Reader,
    PathSession(id): PathSession,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    let session = state.session(id, &caller).await?;
    Ok(Json(SessionView::from(&session)).into_response())
}

/// Closes a session: what lives of it is cancelled, and nothing more is accepted for it. Again: the same answer.
#[utoipa::path(
    delete, path = "/api/v1/claude/sessions/{id}", operation_id = "close_session",
    tag = "sessions", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "It is closed", body = schemas::SessionClosed)),
)]
pub(crate) async fn close(
    State(state): State<ApiState>,
    Executor(caller): Executor,
    PathSession(id): PathSession,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    state.session(id, &caller).await?;
    // In a task of its own: a client that hangs up must not leave a closed session behind that still runs, nor must a server that stops.
    let tasks = state.tasks.clone();
    tasks
        .spawn(close_and_cancel(state, id).in_current_span())
        .await
        .map_err(|_| ApiError::internal())??;
    Ok(Json(json!({ "message": "Session closed" })).into_response())
}

/// Nothing more is accepted first, and then nothing that was accepted goes on. Safe to repeat when it fails half way.
async fn close_and_cancel(state: ApiState, id: SessionId) -> Result<(), ApiError> {
    let store = &state.backends.store;
    let Closed::Closed(living) = store.close(id).await? else {
        return Err(ApiError::session_not_found());
    };
    info!(session = %id, living = living.len(), "closed");
    for key in living {
        // What it would let run next is cancelled next.
        let cancelled = store.cancel(key, CancelReason::SessionClosed).await?;
        if let Cancelled::AtOnce(_) = cancelled {
            state.tallies.cancelled();
        }
    }
    Ok(())
}
