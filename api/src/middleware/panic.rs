//! A panic in a handler: logged with what it said, answered as an internal error.

use std::any::Any;

use axum::response::{IntoResponse as _, Response};
use tracing::error;

use crate::error::ApiError;

/// For `tower_http::catch_panic`.
pub(crate) fn answer(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    error!(panic = said.unwrap_or("no message"), "a handler panicked");
    ApiError::internal().into_response()
}
