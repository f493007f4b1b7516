//! The errors that operations answer: a response for every status, and which operation has which.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use super::headers::{self, Named};
use crate::error::Code;

/// What every operation of the API proper may answer.
const COMMON: [u16; 5] = [400, 401, 403, 500, 503];

/// What an operation may answer besides.
const OWN: [(&str, &[u16]); 15] = [
    ("execute", &[404, 409, 413, 415, 429]),
    ("list_executions", &[]),
    ("show_execution", &[404]),
    ("cancel_execution", &[404]),
    ("list_events", &[404]),
    ("list_sessions", &[]),
    ("show_session", &[404]),
    ("close_session", &[404]),
    ("list_logs", &[404]),
    ("list_workers", &[]),
    ("show_stats", &[]),
    ("watch_execution", &[404, 426]),
    ("healthz", &[403, 500]),
    ("readyz", &[403, 500, 503]),
    ("openapi", &[400, 403, 500]),
];

/// The operation behind the rate limit, whose answers tell about it.
const LIMITED: &str = "execute";

type Known = BTreeMap<u16, Vec<Code>>;

/// Adds the responses, and to each of every operation's the headers that all answers carry.
pub(super) struct Errors;

impl Modify for Errors {
    fn modify(&self, document: &mut OpenApi) {
        let known = by_status();
        let mut shared = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            let common = path.starts_with("/api/") || path.starts_with("/ws/");
            for operation in operations(item) {
                let common = if common { &COMMON[..] } else { &[] };
                shared.extend(add(operation, common, &known));
            }
        }
        let responses = &mut document.components.get_or_insert_default().responses;
        for status in shared {
            responses.insert(name(status), response(status, &known[&status]).into());
        }
    }
}

/// The codes of each status.
fn by_status() -> Known {
    let mut all = Known::new();
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
        );
    for (name, header) in headers::of_error(status) {
        response = response.header(name, header);
    }
    response.build()
}

/// Adds an operation's errors; answers the statuses of those that it shares with others and refers to.
fn add(operation: &mut Operation, common: &[u16], known: &Known) -> Vec<u16> {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let limited = id == LIMITED;
    let own = OWN.iter().find(|(own, _)| *own == id);
    let own = own.map_or(&[][..], |(_, statuses)| statuses);
    let responses = &mut operation.responses.responses;
    for response in responses.values_mut() {
        carry(response, [headers::trace_id()]);
    }
    let mut shared = Vec::new();
    for status in common.iter().chain(own) {
        let Some(codes) = known.get(status) else {
            continue; // No code has it yet.
        };
        let added = if limited && *status != 401 {
            response(*status, codes).into()
        } else {
            shared.push(*status);
            RefOr::Ref(Ref::from_response_name(name(*status)))
        };
        responses.insert(status.to_string(), added);
    }
    if limited {
        for (status, response) in responses {
            carry(response, headers::of_limit(status));
        }
    }
    shared
}

/// Adds headers to a response that is written out.
fn carry(response: &mut RefOr<Response>, headers: impl IntoIterator<Item = Named>) {
    if let RefOr::T(response) = response {
        let headers = headers.into_iter();
        let named = headers.map(|(name, header)| (name.to_owned(), header.into()));
        response.headers.extend(named);
    }
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
