//! `/metrics`, `/healthz` and `/readyz` of the API on a listener of their own, for those who operate it.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use longshore_shared::metrics::{self, QUEUE_DEPTH};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::info;

use crate::middleware::{panic, read_on, trace};
use crate::routes::health;
use crate::state::ApiState;
use crate::{listener, router};

/// How long the record may take to say how much is pending.
const LOOK: Duration = Duration::from_secs(2);

/// Serves until it is dropped, so that a server that stops can be watched to its end.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(listener: TcpListener, state: ApiState) -> io::Result<()> {
    info!(address = %listener.local_addr()?, "admin listening");
    tokio::select! {
        () = listener::serve(listener, routes(state), CancellationToken::new()) => Ok(()),
        never = metrics::upkeep() => match never {},
    }
}

/// Refused as the API refuses.
fn routes(state: ApiState) -> Router {
    Router::new()
        .route("/metrics", get(show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(router::no_path)
        .method_not_allowed_fallback(router::no_method)
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn(read_on::read_on))
        .layer(from_fn(trace::name))
        .with_state(state)
}

/// Everything that is measured, with how many executions wait.
async fn show(State(state): State<ApiState>) -> impl IntoResponse {
    let pending = timeout(LOOK, state.backends.store.pending()).await;
    match pending {
        Ok(Ok(pending)) => QUEUE_DEPTH.set(pending as f64),
        // Prometheus shows no value then, and not one that was true before the outage.
        Ok(Err(_)) | Err(_) => QUEUE_DEPTH.set(f64::NAN),
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render())
}
