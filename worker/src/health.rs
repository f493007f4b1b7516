//! `/metrics`, `/healthz` and `/readyz` of a worker, on its own listener.

use std::io;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use longshore_shared::metrics;
use serde_json::json;
use tokio::net::TcpListener;
use tracing::info;

use crate::claude::find_claude;
use crate::worker::Worker;

/// Serves until it is dropped, so that a worker that drains can be watched to its end.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, worker: Worker) -> io::Result<()> {
    info!(address = %listener.local_addr()?, "admin listening");
    let routes = Router::new()
        .route("/metrics", get(show))
        .route(
            "/healthz",
            get(|| async { Json(json!({ "status": "ok" })) }),
        )
        .route("/readyz", get(readyz))
        .with_state(worker);
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served,
        never = metrics::upkeep() => match never {},
    }
}

async fn show() -> impl IntoResponse {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render())
}

/// Ready when queue and store work, the CLI can be found, and jobs are taken.
async fn readyz(State(worker): State<Worker>) -> impl IntoResponse {
    let backends = &worker.context.backends;
    let (broker, store) = tokio::join!(backends.queue.check(), backends.store.check());
    let checks = [
        ("broker", broker.is_ok()),
        ("store", store.is_ok()),
        (
            "claude",
            find_claude(&worker.context.settings.claude).is_some(),
        ),
    ];
    // A worker that drains takes no jobs.
    let ready = checks.iter().all(|(_, works)| *works) && !worker.context.tasks.is_closed();
    let checks: serde_json::Map<_, _> = checks
        .iter()
        .map(|(name, works)| {
            (
                (*name).to_owned(),
                json!(if *works { "ok" } else { "failed" }),
            )
        })
        .collect();
    let (status, word) = if ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    (status, Json(json!({ "status": word, "checks": checks })))
}
