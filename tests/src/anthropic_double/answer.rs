//! From a request to its answer: an event stream, a message in one piece, or an error.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::recorded::Recorded;
use super::script::Script;
use super::sse::Message;
use super::{Shared, error, play};

pub(super) fn answer(shared: Arc<Shared>, index: usize, body: &Value) -> Response {
    let request = shared.requests.borrow()[index].clone();
    let script = Script::of(&request.prompt.join("\n"));
    if script.verb == "http" && shared.nth(index) <= script.number("times", usize::MAX) {
        return http_error(&script);
    }
    let id = format!("{:06}", index + 1);
    if !request.stream {
        return whole(&id, &request);
    }
    let message = compose(&script, &id, &request, body);
    let headers = [
        ("content-type", "text/event-stream".to_owned()),
        ("request-id", format!("req_{id}")),
    ];
    (headers, play::body(message, shared, index)).into_response()
}

fn compose(script: &Script, id: &str, request: &Recorded, body: &Value) -> Message {
    let mut message = Message::start(&format!("msg_{id}"), &request.model);
    let numbered = |n: usize| (0..n).map(|i| format!("w{i} "));
    let at_once = Duration::ZERO;
    match script.verb.as_str() {
        "text" => message.text(script.words.iter().map(|word| format!("{word} ")), at_once),
        "tool" | "talktool" if request.calls < script.number("n", 1) => {
            call(script, id, &mut message);
            return message;
        }
        "tool" | "talktool" => message.text([tool_report(request.calls, body)], at_once),
        "think" => {
            message.thinking();
            message.text(["Thought ", "of it."], at_once);
        }
        "slow" => {
            let pace = Duration::from_millis(script.number("ms", 200));
            message.text(numbered(script.number("words", 50)), pace);
        }
        "hang" => {
            message.hang(numbered(script.number("after", 1)));
            return message;
        }
        "big" => {
            let kib = script.number("kib", 1024);
            message.text((0..kib).map(|i| format!("{i:06} {:x<1017}", "")), at_once);
        }
        "echo" => message.text([echo(request, body)], at_once),
        _ => message.text(["Hello ", "from ", "the ", "double"], at_once),
    }
    message.end("end_turn");
    message
}

fn call(script: &Script, id: &str, message: &mut Message) {
    if script.verb == "talktool" {
        message.text(["I will ", "use ", "a tool."], Duration::ZERO);
    }
    let name = script.words.first().map_or("Bash", String::as_str);
    message.tool(&format!("toolu_{id}"), name, &script.json);
    message.end("tool_use");
}

fn tool_report(calls: usize, body: &Value) -> String {
    let blocks = body["messages"]
        .as_array()
        .and_then(|all| all.last()?["content"].as_array());
    let mut results = blocks
        .into_iter()
        .flatten()
        .filter(|block| block["type"] == "tool_result");
    let last = results
        .next_back()
        .map_or("(none)".into(), |block| block["content"].to_string());
    let last: String = last.chars().take(200).collect();
    format!("Done after {calls} tool call(s). Last result: {last}")
}

fn echo(request: &Recorded, body: &Value) -> String {
    let messages = body["messages"].as_array().map_or(0, Vec::len);
    json!({
        "model": request.model, "tools": request.tools, "msgs": messages,
        "max_tokens": body["max_tokens"], "thinking": body["thinking"],
    })
    .to_string()
}

/// A request without `stream:true`: the CLI's fallback, side requests.
fn whole(id: &str, request: &Recorded) -> Response {
    Json(json!({
        "id": format!("msg_{id}"), "type": "message", "role": "assistant", "model": request.model,
        "content": [{"type": "text", "text": "Hello (not streamed)"}],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 12, "output_tokens": 9},
    }))
    .into_response()
}

fn http_error(script: &Script) -> Response {
    let code = script
        .words
        .first()
        .and_then(|code| code.parse().ok())
        .unwrap_or(500);
    let kind = match code {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = error(status, kind, &format!("double says {code}"));
    if let Some(Ok(after)) = script.option("retry-after").map(str::parse) {
        response.headers_mut().insert(header::RETRY_AFTER, after);
    }
    response
}
