//! `/metrics`, `/healthz` and `/readyz` of the API on a listener of their own, for those who operate it.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use longshore_shared::metrics::{self, QUEUE_DEPTH};
use longshore_shared::trace::TraceContext;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::error::{ApiError, Code};
use crate::listener;
use crate::routes::health;
use crate::state::ApiState;

/// How long the record may take to say how much is pending.
const LOOK: Duration = Duration::from_secs(2);

/// Serves until it is dropped, so that a server that stops can be watched to its end.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(listener: TcpListener, state: ApiState) -> io::Result<()> {
    info!(address = %listener.local_addr()?, "admin listening");
    let routes = Router::new()
        .route("/metrics", get(show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(|| async { ApiError::new(Code::NotFound, "there is no such path") })
        .layer(from_fn(write_error))
        .with_state(state);
    tokio::select! {
        () = listener::serve(listener, routes, CancellationToken::new()) => Ok(()),
        never = metrics::upkeep() => match never {},
    }
}

async fn show(State(state): State<ApiState>) -> impl IntoResponse {
    let pending = timeout(LOOK, state.backends.store.pending()).await;
    match pending {
        Ok(Ok(pending)) => QUEUE_DEPTH.set(pending as f64),
        // Prometheus shows no value then, and not one that was true before the outage.
        Ok(Err(_)) | Err(_) => QUEUE_DEPTH.set(f64::NAN),
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render())
}

/// Whoever asks every few seconds is neither logged nor traced.
async fn write_error(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.respond(&TraceContext::generate().trace_id()),
        None => response,
    }
}
