//! What a request carried.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::Value;

/// One `POST /v1/messages`.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Every header, names in lower case; a value that is no text is left out.
    pub headers: BTreeMap<String, String>,
    /// The model asked for.
    pub model: String,
    /// Whether an event stream was asked for.
    pub stream: bool,
    /// The texts of the newest user prompt exactly as received, without the CLI's own reminders.
    pub prompt: Vec<String>,
    /// The texts of all messages, oldest first, of both roles.
    pub texts: Vec<String>,
    /// Names of the tools on offer.
    pub tools: Vec<String>,
    /// The client hung up before the answer was complete.
    pub gone: bool,
    /// Assistant messages after the newest prompt: the tool calls already made for it.
    pub(super) calls: usize,
}

impl Recorded {
    pub(super) fn new(headers: &HeaderMap, body: &Value) -> Self {
        let messages = body["messages"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let newest = messages
            .iter()
            .rposition(|message| !prompt(message).is_empty());
        let after = newest.map_or(0, |newest| newest + 1);
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            Some((name.to_string(), value.to_str().ok()?.to_owned()))
        };
        Self {
            headers: headers.iter().filter_map(header).collect(),
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            stream: body["stream"] == true,
            prompt: newest
                .map(|newest| prompt(&messages[newest]))
                .unwrap_or_default(),
            texts: messages.iter().flat_map(texts).collect(),
            tools: names(&body["tools"]),
            gone: false,
            calls: messages[after..]
                .iter()
                .filter(|message| message["role"] == "assistant")
                .count(),
        }
    }
}

/// What a user wrote in this message; tool results and reminders are not of his writing.
fn prompt(message: &Value) -> Vec<String> {
    if message["role"] != "user" {
        return Vec::new();
    }
    let mut own = texts(message);
    own.retain(|text| !text.trim_start().starts_with("<system-reminder>"));
    own
}

fn texts(message: &Value) -> Vec<String> {
    match &message["content"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(blocks) => {
            let text = |block: &Value| block["text"].as_str().map(str::to_owned);
            blocks.iter().filter_map(text).collect()
        }
        _ => Vec::new(),
    }
}

fn names(tools: &Value) -> Vec<String> {
    let tools = tools.as_array().into_iter().flatten();
    tools
        .filter_map(|tool| tool["name"].as_str().map(str::to_owned))
        .collect()
}
