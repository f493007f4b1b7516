//! `/healthz` and `/readyz`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use longshore_shared::error::Unavailable;
use serde_json::{Value, json};
use tracing::warn;

use crate::error::{ApiError, Code};
use crate::openapi::schemas;
use crate::state::ApiState;

/// Says that the process is up.
#[utoipa::path(
    get, path = "/healthz", tag = "service",
    responses((status = 200, description = "It is", body = schemas::Health)),
)]
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Ready when queue, store and live subscription all work, and the server is not stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "service",
    responses((
        status = 200, description = "It is ready; otherwise `details.checks` of the error names the failing part",
        body = schemas::Readiness,
    )),
)]
pub(crate) async fn readyz(State(state): State<ApiState>) -> Result<Response, ApiError> {
    if state.stopping.stop.is_cancelled() {
        return Err(ApiError::new(Code::ShuttingDown, "the server is stopping"));
    }
    let backends = &state.backends;
    let (broker, store, live) = tokio::join!(
        backends.queue.check(),
        backends.store.check(),
        backends.log.check()
    );
    let checks = json!({ "broker": word(&broker), "store": word(&store), "live": word(&live) });
    for (name, code, result) in [
        ("broker", Code::BrokerUnavailable, broker),
        ("store", Code::StoreUnavailable, store),
        ("live", Code::StoreUnavailable, live),
    ] {
        if let Err(error) = result {
            warn!(check = name, %error, "not ready");
            let message = format!("not ready: {name} does not work");
            return Err(ApiError::new(code, message).with(json!({ "checks": checks })));
        }
    }
    Ok(Json(json!({ "status": "ready", "checks": checks })).into_response())
}

fn word(result: &Result<(), Unavailable>) -> &'static str {
    if result.is_ok() { "ok" } else { "failed" }
}
