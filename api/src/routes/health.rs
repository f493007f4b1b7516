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
    let checks = checks(&state).await;
    let words = words(&checks);
    for (name, code, result) in checks {
        if let Err(error) = result {
            warn!(check = name, %error, "not ready");
            let message = format!("not ready: {name} does not work");
            return Err(ApiError::new(code, message).with(json!({ "checks": words })));
        }
    }
    Ok(Json(json!({ "status": "ready", "checks": words })).into_response())
}

/// A part that readiness depends on, the code for its failure, and whether it works.
type Check = (&'static str, Code, Result<(), Unavailable>);

/// Asks all parts at once; bounded to a few seconds.
pub(crate) async fn checks(state: &ApiState) -> [Check; 3] {
    let backends = &state.backends;
    let (broker, store, live) = tokio::join!(
        backends.queue.check(),
        backends.store.check(),
        backends.log.check()
    );
    [
        ("broker", Code::BrokerUnavailable, broker),
        ("store", Code::StoreUnavailable, store),
        ("live", Code::StoreUnavailable, live),
    ]
}

/// `ok` or `failed` for each.
pub(crate) fn words(checks: &[Check]) -> Value {
    let words = checks.iter().map(|(name, _, result)| {
        let word = if result.is_ok() { "ok" } else { "failed" };
        ((*name).to_owned(), json!(word))
    });
    Value::Object(words.collect())
}
