//! The errors that operations answer: a response for every status, and which operation has which.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::Modify;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use super::schemas::string;
use crate::error::Code;

/// What every operation of the API proper may answer.
const COMMON: [u16; 5] = [400, 401, 403, 500, 503];

/// What an operation may answer besides.
const OWN: [(&str, &[u16]); 13] = [
    ("execute", &[404, 409, 413, 415, 429]),
    ("list_executions", &[]),
    ("show_execution", &[404]),
    ("cancel_execution", &[404]),
    ("list_events", &[404]),
    ("list_sessions", &[]),
    ("show_session", &[404]),
    ("close_session", &[404]),
    ("list_logs", &[404]),
    ("watch_execution", &[404, 426]),
    ("healthz", &[403, 500]),
    ("readyz", &[403, 500, 503]),
    ("openapi", &[400, 403, 500]),
];

/// Adds the responses, and to each of every operation's the headers that all answers carry.
pub(super) struct Errors;

impl Modify for Errors {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (status, codes) in by_status() {
            components
                .responses
                .insert(name(status), response(status, &codes).into());
        }
        for (path, item) in &mut document.paths.paths {
            let common = path.starts_with("/api/") || path.starts_with("/ws/");
            for operation in operations(item) {
                add(operation, if common { &COMMON } else { &[] });
            }
        }
    }
}

/// The codes of each status.
fn by_status() -> BTreeMap<u16, Vec<Code>> {
    let mut all: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in Code::ALL {
        all.entry(code.status().as_u16()).or_default().push(code);
    }
    all
}

/// As it is written in answers.
fn text(code: Code) -> String {
    let written = serde_json::to_value(code).unwrap_or_default();
    written.as_str().unwrap_or_default().to_owned()
}

fn name(status: u16) -> String {
    format!("Error{status}")
}

fn response(status: u16, codes: &[Code]) -> Response {
    let names: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`", text(*code)))
        .collect();
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    let mut response = ResponseBuilder::new()
        .description(format!("{reason}: {}", names.join(", ")))
        .content(
            "application/json",
            Content::new(Some(Ref::from_schema_name("Error"))),
        )
        .header("x-trace-id", trace_id());
    if let 429 | 503 = status {
        let seconds = whole_number("Seconds after which a retry may succeed");
        response = response.header("retry-after", seconds);
    }
    response.build()
}

fn add(operation: &mut Operation, common: &[u16]) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let own = OWN.iter().find(|(own, _)| *own == id);
    let own = own.map_or(&[][..], |(_, statuses)| statuses);
    let responses = &mut operation.responses.responses;
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            response
                .headers
                .insert("x-trace-id".to_owned(), trace_id().into());
        }
    }
    let known = by_status();
    for status in common.iter().chain(own) {
        if !known.contains_key(status) {
            continue; // No code has it yet.
        }
        let reference = Ref::from_response_name(name(*status));
        responses.insert(status.to_string(), RefOr::Ref(reference));
    }
}

fn trace_id() -> Header {
    header(
        "The W3C trace id of the request",
        string().pattern(Some("^[0-9a-f]{32}$")),
    )
}

fn whole_number(about: &str) -> Header {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0));
    header(about, number)
}

fn header(about: &str, schema: impl Into<RefOr<Schema>>) -> Header {
    let mut header = Header::new(schema);
    header.description = Some(about.to_owned());
    header
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get, post, delete, ..
    } = item;
    [get, post, delete].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema as _;

    #[test]
    fn every_code_is_described() {
        let schema = serde_json::to_value(Code::schema()).unwrap();
        let all = Code::ALL.map(text);
        assert_eq!(
            schema["enum"],
            serde_json::json!(all),
            "Code::ALL has every code, in order"
        );
    }

    #[test]
    fn every_operation_of_the_table_is_there() {
        let document = <super::super::Document as utoipa::OpenApi>::openapi();
        let mut paths = document.paths.paths;
        let mut ids: Vec<String> = paths
            .values_mut()
            .flat_map(operations)
            .filter_map(|operation| operation.operation_id.clone())
            .collect();
        ids.sort_unstable();
        let mut table: Vec<&str> = OWN.iter().map(|(id, _)| *id).collect();
        table.sort_unstable();
        assert_eq!(ids, table);
    }
}
