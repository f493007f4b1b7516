//! Foreign pages: browsers send `Origin`, and can be kept neither from opening a WebSocket to anywhere nor from sending a
//! simple `POST`.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::error::{ApiError, Code};
use crate::state::ApiState;

/// Lets through what comes from no page, from the server's own or from one of an allowed origin.
///
/// # Errors
/// 403 for pages of other origins.
pub(crate) fn check(state: &ApiState, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let mut origins = headers.get_all(header::ORIGIN).iter();
    if origins.all(|origin| is_own(origin, host) || state.settings.allowed_origins.allow(origin)) {
        return Ok(());
    }
    let message = "pages of this origin may not connect";
    Err(ApiError::new(Code::Forbidden, message))
}

fn is_own(origin: &HeaderValue, host: Option<&str>) -> bool {
    let uri: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    uri.as_ref()
        .and_then(Uri::authority)
        .is_some_and(|authority| Some(authority.as_str()) == host)
}
