//! What every page for browsers carries: it needs nothing from elsewhere, and nothing elsewhere shows it in a frame.

use axum::http::{HeaderName, HeaderValue, header};

/// The headers of a page, with what it may load.
pub(crate) fn headers(policy: &'static str) -> [(HeaderName, HeaderValue); 3] {
    [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ]
}
