//! The trace id: taken from `traceparent` or made, logged, given to handlers, and shown in every answer.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument as _, info, info_span};
use uuid::Uuid;

use crate::error::ApiError;

/// The header that carries it in answers.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// A W3C trace id: 32 lower-case hex digits, not all zero.
#[derive(Debug, Clone)]
pub(crate) struct TraceId(Arc<str>);

impl TraceId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The caller's, where its `traceparent` is well formed, else a new one.
    fn of(request: &Request) -> Self {
        let given = request
            .headers()
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        let id = given
            .and_then(trace_id)
            .map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
        Self(id.into())
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

/// The trace id of a `traceparent`: `{version}-{trace id}-{parent id}-{flags}`, as in W3C Trace Context, section 3.2.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |text: &str| text.bytes().any(|b| b != b'0');
    // Version 00 has exactly four parts; later ones may have more.
    let whole = parts.next().is_none() || version != "00";
    let well_formed =
        hex(version, 2) && version != "ff" && hex(id, 32) && hex(parent, 16) && hex(flags, 2);
    (well_formed && whole && some(id) && some(parent)).then_some(id)
}

/// Runs a request under its trace id, and writes the body of the error that it may have ended with.
pub(crate) async fn trace(mut request: Request, next: Next) -> Response {
    let trace = TraceId::of(&request);
    request.extensions_mut().insert(trace.clone());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str)
        .to_owned();
    let span = info_span!("request", trace_id = trace.as_str(), method = %request.method(), route);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_traceparent_is_honoured() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(trace_id(&format!("00-{id}-b7ad6b7169203331-01")), Some(id));
        assert_eq!(
            trace_id(&format!("cc-{id}-b7ad6b7169203331-01-more")),
            Some(id)
        );
        for bad in [
            "",
            "00-x-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}
