//! `/docs`: the API's reference page, with everything it needs compiled in.

use std::sync::Arc;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_swagger_ui::{Config, serve};

use crate::error::{ApiError, Code};
use crate::page;

/// Nothing from elsewhere, no script but the page's own files. Its styles are partly written by its scripts, and its
/// pictures are inside its styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page's own address ends with a slash. Relative, since a proxy may have put all of it behind a prefix.
pub(crate) async fn to_page() -> impl IntoResponse {
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, "docs/")],
    )
}

/// The page.
pub(crate) async fn page() -> Result<Response, ApiError> {
    file("index.html")
}

/// A part of the page.
pub(crate) async fn part(name: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    // What is no UTF-8 names no part.
    file(name.as_deref().map_or("\0", String::as_str))
}

fn file(name: &str) -> Result<Response, ApiError> {
    let config = Config::from("../openapi.json")
        .validator_url("none")
        .deep_linking(true)
        .display_request_duration(true);
    let found = serve(name, Arc::new(config)).map_err(|_| ApiError::internal())?;
    let Some(file) = found else {
        let message = "the reference page has no such part";
        return Err(ApiError::new(Code::NotFound, message));
    };
    let mut response = (
        [(header::CONTENT_TYPE, file.content_type)],
        file.bytes.into_owned(),
    )
        .into_response();
    if file.gzpipped {
        let gzip = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, gzip);
    }
    response.headers_mut().extend(page::headers(POLICY));
    Ok(response)
}
