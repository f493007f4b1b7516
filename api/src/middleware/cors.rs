//! Lets pages of the configured origins call the API: CORS.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, LOCATION, ORIGIN, RETRY_AFTER,
};
use axum::http::{HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::CorsLayer;

use super::trace;
use crate::config::AllowedOrigins;

const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::POST, Method::DELETE];

/// What requests may carry.
const REQUEST_HEADERS: [HeaderName; 6] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("last-event-id"),
];

/// What a page may read of an answer, besides its body.
const ANSWER_HEADERS: [HeaderName; 7] = [
    trace::HEADER,
    LOCATION,
    RETRY_AFTER,
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("idempotency-replayed"),
];

/// How long a browser need not ask again; it would ask before every single call.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The rules; `None` where no origin is configured. Without credentials: callers are known by a header, and not by
/// what a browser adds by itself.
pub(crate) fn rules(origins: &AllowedOrigins) -> Option<CorsLayer> {
    let rules = CorsLayer::new()
        .allow_origin(origins.iter().cloned().collect::<Vec<_>>())
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(ANSWER_HEADERS)
        .max_age(MAX_AGE);
    (!origins.is_empty()).then_some(rules)
}

/// Answers preflights, and lets the pages of allowed origins read the other answers.
pub(crate) async fn cors(State(rules): State<CorsLayer>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS && !is_preflight(&request) {
        return next.run(request).await;
    }
    let answered = rules.layer(next).oneshot(request).await;
    answered
        .unwrap_or_else(|never| match never {})
        .into_response()
}

/// Any other `OPTIONS` is a method that no path takes; the library would answer it too.
fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
