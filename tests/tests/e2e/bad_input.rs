//! What the API refuses, and how it says so; and what stands just inside the limits.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::server::Server;

mod allowed_tools;
mod bodies;
mod fields;
mod json;
mod limits;
mod queries;
mod session;

const EXECUTE: &str = "/api/v1/claude/execute";
const KIB: usize = 1024;

/// A request that would be accepted, with one field set.
fn with(field: &str, value: Value) -> Value {
    let mut body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
    body[field] = value;
    body
}

/// Sends a body as it is.
async fn send(client: &Client, body: impl Into<reqwest::Body>) -> Answer {
    let request = client
        .request(Method::POST, EXECUTE)
        .header(header::CONTENT_TYPE, "application/json");
    client.send(request.body(body)).await
}

/// Sends a body with one field set, which must be refused for it with a message that says what would be right.
async fn refused(server: &Server, field: &str, value: Value, right: &str) {
    let shown: String = value.to_string().chars().take(60).collect();
    let answer = server.client().post(EXECUTE, &with(field, value)).await;
    names_the_field(&answer, field, right, &shown);
}

fn names_the_field(answer: &Answer, field: &str, right: &str, of: &str) {
    assert_eq!(
        (answer.status, answer.code(), &answer.body["details"]),
        (
            StatusCode::BAD_REQUEST,
            "INVALID_REQUEST",
            &json!({ "field": field })
        ),
        "{field}: {of}: {}",
        answer.body
    );
    let message = answer.body["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("{field}: ")) && message.contains(right),
        "{field}: {of}: {message}"
    );
}
