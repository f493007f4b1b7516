//! `/console`: the web console, a page of plain files that are compiled in and served as they are written.
//!
//! It is a client as any other: what it shows it asks the API for, with a token that its user gives it.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use longshore_shared::digest::digest;

use crate::error::{ApiError, Code};
use crate::page;

/// The page's own files and its own server, and no way to make elements of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Browsers keep the files, and ask each time whether they are still the same: a page is never of two versions for long.
const CACHE: &str = "no-cache";

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../console/", $name)))),+]
    };
}

/// All of them.
const FILES: &[(&str, &[u8])] = files![
    "index.html",
    "style.css",
    "icon.svg",
    "advice.js",
    "api.js",
    "app.js",
    "charts.js",
    "conversation.js",
    "dom.js",
    "execution.js",
    "executions.js",
    "fleet.js",
    "follow.js",
    "format.js",
    "list.js",
    "live.js",
    "markdown.js",
    "options.js",
    "parts.js",
    "raw.js",
    "run.js",
    "session.js",
    "sessions.js",
    "sign_in.js",
    "stream.js",
    "system.js",
    "table.js",
    "timeline.js",
    "tools.js",
    "types.js",
    "watched.js",
];

struct File {
    bytes: Bytes,
    kind: &'static str,
    /// Another one for other bytes.
    tag: String,
}

static BY_NAME: LazyLock<HashMap<&str, File>> = LazyLock::new(|| {
    let files = FILES.iter().map(|(name, bytes)| {
        let file = File {
            bytes: Bytes::from_static(bytes),
            kind: kind(name),
            tag: format!("\"{}\"", digest(&String::from_utf8_lossy(bytes))),
        };
        (*name, file)
    });
    files.collect()
});

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    }
}

/// The page's own address ends with a slash. Relative, since a proxy may have put all of it behind a prefix.
pub(crate) async fn to_page() -> impl IntoResponse {
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, "console/")],
    )
}

/// The page.
pub(crate) async fn page(headers: HeaderMap) -> Result<Response, ApiError> {
    file("index.html", &headers)
}

/// A file of the page.
pub(crate) async fn part(
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // What is no UTF-8 names no file.
    file(name.as_deref().map_or("\0", String::as_str), &headers)
}

fn file(name: &str, asked: &HeaderMap) -> Result<Response, ApiError> {
    let Some(file) = BY_NAME.get(name) else {
        let message = "the console has no such file";
        return Err(ApiError::new(Code::NotFound, message));
    };
    let known = asked.get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|tag| tag.as_bytes() == file.tag.as_bytes());
    let caching = [
        (header::CACHE_CONTROL, CACHE.to_owned()),
        (header::ETAG, file.tag.clone()),
    ];
    let mut response = if is_known {
        (StatusCode::NOT_MODIFIED, caching).into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, file.kind)];
        (caching, kind, file.bytes.clone()).into_response()
    };
    response.headers_mut().extend(page::headers(POLICY));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
        let entries = std::fs::read_dir(folder).unwrap();
        let mut there: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".json"))
            .collect();
        let mut served: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort_unstable();
        served.sort_unstable();
        assert_eq!(served, there);
    }
}
