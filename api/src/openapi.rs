//! The HTTP API as an OpenAPI document, made from what stands beside the handlers and the types themselves.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::config::ApiSettings;
use crate::error::{ApiError, ErrorBody};
use crate::extract::Query;
use crate::routes::{events, execute, executions, fleet, health, logs, sessions};
use crate::ws;

mod errors;
mod headers;
pub(crate) mod schemas;

use errors::Errors;

/// What all operations together describe.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Longshore",
        version = "1",
        description = "Runs the Claude CLI for web clients. The WebSocket's frames are described in `docs/api/asyncapi.yaml`. Where the server has no key for tokens, none is needed.",
        contact(name = "Longshore"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "executions", description = "One run of the CLI for one prompt"),
        (name = "sessions", description = "The conversation that executions continue"),
        (name = "fleet", description = "The whole installation, for its operators: scope `admin`"),
        (name = "service", description = "What tells about the service itself"),
    ),
    paths(
        execute::execute,
        executions::list,
        executions::show,
        executions::cancel,
        events::events,
        sessions::list,
        sessions::show,
        sessions::close,
        logs::logs,
        fleet::workers,
        fleet::stats,
        ws::upgrade,
        health::healthz,
        health::readyz,
        show,
    ),
    // What only parameters and these errors use is not found by itself.
    components(schemas(ErrorBody, schemas::After, schemas::IdempotencyKey, schemas::LogOrder)),
    modifiers(&Bearer, &Errors),
)]
struct Document;

/// How callers are known.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("A JWT with `sub`, `exp`, `workspaces` and `scope`"));
        document
            .components
            .get_or_insert_default()
            .security_schemes
            .insert(
                "bearer".to_owned(),
                SecurityScheme::Http(scheme.build()).into(),
            );
    }
}

/// The document of a server with these settings.
pub(crate) fn document(settings: &ApiSettings) -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let fields = &mut document["components"]["schemas"]["ExecuteRequest"]["properties"];
    fields["timeout_seconds"]["maximum"] = json!(settings.max_timeout());
    let allowed = &settings.allowed_tools.0;
    if !allowed.is_empty() {
        fields["tools"]["items"]["enum"] = json!(allowed);
    }
    if settings.rate_limit().is_none() {
        headers::without_limit(&mut document);
    }
    headers::require(&mut document);
    document
}

/// The document as it is served: the same text for the life of a server.
pub(crate) fn text(settings: &ApiSettings) -> Bytes {
    Bytes::from(document(settings).to_string())
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "service",
    responses((status = 200, description = "The OpenAPI document", body = Object))
)]
pub(crate) async fn show(
    State(document): State<Bytes>,
    query: Query,
) -> Result<impl IntoResponse, ApiError> {
    query.finish()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document))
}

#[cfg(test)]
mod tests;
