//! `/workers` and `/stats`: the whole installation, for its operators.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::health;
use crate::error::ApiError;
use crate::extract::Query;
use crate::identity::permission::Administrator;
use crate::state::ApiState;
use crate::view::fleet::{FleetView, MinuteView, StatsView, WorkersView};

/// The workers, by the moment of their start. One that is heard of no more is listed for two minutes.
#[utoipa::path(
    get, path = "/api/v1/claude/workers", operation_id = "list_workers",
    tag = "fleet", security(("bearer" = [])),
    responses((status = 200, description = "All of them", body = WorkersView)),
)]
pub(crate) async fn workers(
    State(state): State<ApiState>,
    _: Administrator,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    let workers = state.backends.fleet.workers().await?;
    Ok(Json(WorkersView::from(&workers[..])).into_response())
}

/// How the whole installation does now, and did in the last hour.
#[utoipa::path(
    get, path = "/api/v1/claude/stats", operation_id = "show_stats",
    tag = "fleet", security(("bearer" = [])),
    responses((
        status = 200, description = "As much as the store can tell, also while another engine does not work",
        body = StatsView,
    )),
)]
pub(crate) async fn stats(
    State(state): State<ApiState>,
    _: Administrator,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    let backends = &state.backends;
    let (pending, workers, minutes, waiting, checks) = tokio::join!(
        backends.store.pending(),
        backends.fleet.workers(),
        backends.fleet.history(),
        backends.queue.waiting(),
        health::checks(&state),
    );
    let stats = StatsView {
        pending: pending?,
        waiting: waiting.ok(),
        fleet: FleetView::from(&workers?[..]),
        engines: health::words(&checks),
        minutes: minutes?.iter().map(MinuteView::from).collect(),
    };
    Ok(Json(stats).into_response())
}
