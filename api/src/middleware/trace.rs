//! The trace id: taken from `traceparent` or made, logged, given to handlers, and shown in every answer.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use longshore_shared::trace::{self, TRACEPARENT, TraceContext};
use tracing::field::Empty;
use tracing::{Instrument as _, info, info_span};

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

    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = merge(&response, error.respond(trace.as_str()));
    }
    span.in_scope(|| {
        info!(
            status = response.status().as_u16(),
            ms = started.elapsed().as_millis() as u64,
            "answered"
        )
    });
    if let Ok(value) = HeaderValue::from_str(trace.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Keeps headers that were set beside the error, such as `Allow`.
fn merge(from: &Response, mut into: Response) -> Response {
    for (name, value) in from.headers() {
        if !into.headers().contains_key(name) {
            into.headers_mut().insert(name, value.clone());
        }
    }
    into
}
