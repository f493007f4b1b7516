//! The trace id: taken from `traceparent` or made, logged, given to handlers, and shown in every answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use longshore_shared::trace::{self, TRACEPARENT, TraceContext};
use tracing::field::Empty;
use tracing::{Instrument as _, debug, info, info_span};

use crate::error::ApiError;

/// The header that carries it in answers.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// The W3C trace id of a request: 32 lower-case hex digits, not all zero. Also knows the request's place in the trace.
#[derive(Debug, Clone)]
pub(crate) struct TraceId {
    id: Arc<str>,
    place: TraceContext,
}

impl TraceId {
    pub(crate) fn as_str(&self) -> &str {
        &self.id
    }

    /// Where the request stands in its trace; what it leads to follows from there.
    pub(crate) fn place(&self) -> TraceContext {
        self.place
    }
}

impl<S: Sync> FromRequestParts<S> for TraceId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(ApiError::internal)
    }
}

/// The caller's place in its trace, where it has told one, and in a well-formed way.
fn caller(request: &Request) -> Option<TraceContext> {
    let mut given = request.headers().get_all(TRACEPARENT).iter();
    match (given.next(), given.next()) {
        (Some(one), None) => TraceContext::parse(one.to_str().ok()?),
        _ => None,
    }
}

/// Runs a request under its trace id, and writes the body of the error that it may have ended with.
pub(crate) async fn trace(mut request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str)
        .to_owned();
    let span = info_span!("request", trace_id = Empty, method = %request.method(), route, otel.kind = "server");
    let place = trace::place(&span, caller(&request));
    let trace = TraceId {
        id: place.trace_id().into(),
        place,
    };
    request.extensions_mut().insert(trace.clone());
    let started = Instant::now();

    let response = next.run(request).instrument(span.clone()).await;
    let response = complete(response, trace.as_str());
    span.in_scope(|| note(response.status(), started.elapsed()));
    response
}

/// What went well is counted, and where it changed something it has a line that says what: another one for every request was a
/// twentieth of what it took to accept an execution.
fn note(status: StatusCode, took: Duration) {
    let (status, ms) = (status.as_u16(), took.as_millis() as u64);
    match status {
        400.. => info!(status, ms, "answered"),
        _ => debug!(status, ms, "answered"),
    }
}

/// As [`trace()`], for operators: whoever asks every few seconds is neither logged nor traced.
pub(crate) async fn name(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    complete(response, &TraceContext::generate().trace_id())
}

/// Writes the body of an error, and the trace id.
fn complete(mut response: Response, trace_id: &str) -> Response {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = merge(&response, error.respond(trace_id));
    }
    if let Ok(value) = HeaderValue::from_str(trace_id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Keeps headers that were set beside the error, such as `Allow`, with all their values.
fn merge(from: &Response, mut into: Response) -> Response {
    let names = from.headers().keys();
    let new: Vec<_> = names
        .filter(|name| !into.headers().contains_key(*name))
        .cloned()
        .collect();
    for name in new {
        for value in from.headers().get_all(&name) {
            into.headers_mut().append(&name, value.clone());
        }
    }
    into
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::http::header::{CONTENT_TYPE, VARY};
    use axum::response::IntoResponse as _;

    use super::*;

    #[test]
    fn headers_beside_an_error_are_kept() {
        let headers = [(VARY, "origin"), (CONTENT_TYPE, "text/plain")];
        let mut from = (StatusCode::NOT_FOUND, headers, "").into_response();
        from.headers_mut()
            .append(VARY, HeaderValue::from_static("accept"));
        let merged = merge(&from, ApiError::internal().respond("id"));
        let all: Vec<_> = merged.headers().get_all(VARY).iter().collect();
        assert_eq!(all, ["origin", "accept"]);
        let kinds: Vec<_> = merged.headers().get_all(CONTENT_TYPE).iter().collect();
        assert_eq!(kinds, ["application/json"]);
    }
}
