//! Every route and every layer, in the order in which they run.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{ApiError, Code};
use crate::middleware::{cors, host, identify, measure, panic, rate_limit, read_on, trace};
use crate::routes::{events, execute, executions, fleet, health, logs, sessions};
use crate::state::ApiState;
use crate::{console, docs, openapi, ws};

/// The whole service. What is not asked for by the settings is no layer, since each costs every request a little.
pub(crate) fn router(state: ApiState) -> Router {
    let settings = &state.settings;
    let limit = settings.rate_limit();
    let limited = limit.map(|_| from_fn_with_state(state.clone(), rate_limit::limit));
    let unidentified = state.verifier.is_none();
    let of_this_machine =
        unidentified.then(|| from_fn_with_state(state.clone(), host::of_this_machine));
    let foreign_pages =
        cors::rules(&settings.allowed_origins).map(|rules| from_fn_with_state(rules, cors::cors));
    let document = openapi::text(&state.settings);
    let claude = Router::new()
        .route(
            "/execute",
            post(execute::execute).route_layer(option_layer(limited)),
        )
        .route("/executions", get(executions::list))
        .route("/executions/{id}", get(executions::show))
        .route("/executions/{id}/events", get(events::events))
        .route("/executions/{id}/cancel", post(executions::cancel))
        .route("/sessions", get(sessions::list))
        .route(
            "/sessions/{id}",
            get(sessions::show).delete(sessions::close),
        )
        .route("/sessions/{id}/logs", get(logs::logs))
        .route("/workers", get(fleet::workers))
        .route("/stats", get(fleet::stats))
        .route_layer(from_fn_with_state(state.clone(), identify::identify));

    let sockets = Router::new()
        .route("/ws/executions/{id}", get(ws::upgrade))
        .route_layer(from_fn_with_state(state.clone(), identify::identify_socket));

    Router::new()
        .nest("/api/v1/claude", claude)
        .merge(sockets)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/openapi.json", get(openapi::show).with_state(document))
        .route("/docs", get(docs::to_page))
        .route("/docs/", get(docs::page))
        .route("/docs/{file}", get(docs::part))
        .route("/console", get(console::to_page))
        .route("/console/", get(console::page))
        .route("/console/{file}", get(console::part))
        .fallback(no_path)
        .method_not_allowed_fallback(no_method)
        .layer(option_layer(of_this_machine))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(option_layer(foreign_pages))
        .layer(from_fn(read_on::read_on))
        .layer(from_fn(trace::trace))
        .layer(from_fn(measure::measure))
        .with_state(state)
}

/// 404 for a path that does not exist.
pub(crate) async fn no_path() -> ApiError {
    ApiError::new(Code::NotFound, "there is no such path")
}

/// 405 for one that does.
pub(crate) async fn no_method() -> ApiError {
    let message = "this path does not take that method; the header allow names those it takes";
    ApiError::new(Code::MethodNotAllowed, message)
}
