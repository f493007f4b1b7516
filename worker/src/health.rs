//! `/healthz` and `/readyz` of a worker, on its own listener.

use std::io;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::claude::find_claude;
use crate::worker::Worker;

/// Serves until `shutdown`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    worker: Worker,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let routes = Router::new()
        .route(
            "/healthz",
            get(|| async { Json(json!({ "status": "ok" })) }),
        )
        .route("/readyz", get(readyz))
        .with_state(worker);
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

/// Ready when queue and store work and the CLI can be found.
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
    let ready = checks.iter().all(|(_, works)| *works);
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
