//! The one error shape on every path, and the trace id in every answer.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tests::client::{Answer, Client};
use tests::server::Setup;

mod no_http;
mod paths;
mod trace_ids;
mod upgrades;

const EXECUTE: &str = "/api/v1/claude/execute";

/// Servers that pages of two other origins may use.
fn setup() -> Setup {
    Setup::default().with(
        "LONGSHORE_ALLOWED_ORIGINS",
        "https://app.example, https://other.example:8443",
    )
}

/// Checks the shape of an error, whatever it says.
fn check(answer: &Answer, status: StatusCode, code: &str, of: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (status, code),
        "{of}: {}",
        answer.body
    );
    assert_eq!(answer.headers["content-type"], "application/json", "{of}");
    let body = answer.body.as_object().unwrap();
    let mut keys: Vec<&str> = body
        .keys()
        .map(String::as_str)
        .filter(|key| *key != "details")
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["code", "message", "timestamp", "trace_id"], "{of}");
    assert!(
        body.get("details").is_none_or(Value::is_object),
        "{of}: {body:?}"
    );
    assert!(!body["message"].as_str().unwrap().is_empty(), "{of}");
    assert_eq!(
        answer.headers["x-trace-id"],
        body["trace_id"].as_str().unwrap(),
        "{of}"
    );
    check_trace_id(&answer.headers, of);
    let timestamp = body["timestamp"].as_str().unwrap();
    assert!(
        timestamp.len() == 24 && timestamp.ends_with('Z'),
        "{of}: {timestamp}"
    );
}

fn check_trace_id(headers: &HeaderMap, of: &str) {
    let id = headers
        .get("x-trace-id")
        .unwrap_or_else(|| panic!("{of}: no trace id"));
    let id = id.to_str().unwrap();
    let hex = id.len() == 32
        && id
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    assert!(hex && id.bytes().any(|b| b != b'0'), "{of}: {id}");
}

/// An execution that has ended.
async fn ended(client: &Client) -> String {
    let watched = client.run("[[text fine]]").await;
    watched.frames[0]["execution_id"]
        .as_str()
        .unwrap()
        .to_owned()
}
