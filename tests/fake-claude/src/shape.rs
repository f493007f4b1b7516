//! The lines' shapes, as the real CLI 2.1.197 prints them; session and uuid are added by the output.

pub(crate) mod result;

use serde_json::{Value, json};

use crate::flags::Flags;
use crate::session::Session;

pub(crate) const VERSION: &str = "2.1.197";

const TOOLS: &[&str] = &[
    "Task",
    "Bash",
    "Edit",
    "Read",
    "WebFetch",
    "WebSearch",
    "Write",
];

pub(crate) fn model(flags: &Flags) -> &str {
    flags.model.as_deref().unwrap_or("claude-opus-4-8")
}

pub(crate) fn timestamp() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

pub(crate) fn init(flags: &Flags, session: &Session) -> Value {
    let tools: Vec<&str> = match &flags.tools {
        Some(tools) => tools
            .split([',', ' '])
            .filter(|tool| TOOLS.contains(tool))
            .collect(),
        None => TOOLS.to_vec(),
    };
    json!({
        "type": "system", "subtype": "init", "cwd": session.cwd, "tools": tools,
        "mcp_servers": [], "model": model(flags),
        "permissionMode": flags.permission_mode.as_deref().unwrap_or("default"),
        "slash_commands": [], "apiKeySource": "ANTHROPIC_API_KEY", "claude_code_version": VERSION,
        "output_style": "default", "agents": ["general-purpose"], "skills": [], "plugins": [],
        "analytics_disabled": true, "product_feedback_disabled": true, "fast_mode_state": "off",
    })
}

/// A content block of an assistant message.
pub(crate) fn assistant(flags: &Flags, message: &str, block: &Value) -> Value {
    json!({
        "type": "assistant", "parent_tool_use_id": null,
        "message": {
            "id": message, "type": "message", "role": "assistant", "model": model(flags),
            "content": [block], "stop_reason": null, "stop_sequence": null,
            "usage": message_usage(), "context_management": null,
        },
        "request_id": message.replacen("msg", "req", 1),
    })
}

fn message_usage() -> Value {
    json!({"input_tokens": 12, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1})
}

/// What stands in for an answer when the API gave none.
pub(crate) fn api_error(status: u16, text: &str) -> Value {
    let error = match status {
        401 | 403 => "authentication_failed",
        404 => "model_not_found",
        413 => "invalid_request",
        429 => "rate_limit",
        500.. => "server_error",
        _ => "unknown",
    };
    json!({
        "type": "assistant", "parent_tool_use_id": null, "error": error,
        "message": {
            "id": uuid::Uuid::new_v4(), "type": "message", "role": "assistant", "model": "<synthetic>",
            "container": null, "content": [{"type": "text", "text": text}], "stop_details": null,
            "stop_reason": "stop_sequence", "stop_sequence": "", "context_management": null,
            "usage": {"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0},
        },
    })
}

/// A line of the role `user`: tool results, remarks.
pub(crate) fn user(block: &Value) -> Value {
    json!({
        "type": "user", "message": {"role": "user", "content": [block]},
        "parent_tool_use_id": null, "timestamp": timestamp(),
    })
}

pub(crate) fn stream(event: Value) -> Value {
    json!({"type": "stream_event", "event": event, "parent_tool_use_id": null})
}

pub(crate) fn message_start(flags: &Flags, message: &str) -> Value {
    stream(json!({"type": "message_start", "message": {
        "id": message, "type": "message", "role": "assistant", "model": model(flags), "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": message_usage(),
    }}))
}

pub(crate) fn block_start(index: usize, block: &Value) -> Value {
    stream(json!({"type": "content_block_start", "index": index, "content_block": block}))
}

pub(crate) fn text_delta(index: usize, text: &str) -> Value {
    stream(json!({
        "type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text},
    }))
}

pub(crate) fn block_stop(index: usize) -> Value {
    stream(json!({"type": "content_block_stop", "index": index}))
}

pub(crate) fn message_delta(stop_reason: &str) -> Value {
    stream(json!({
        "type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null},
        "usage": {"output_tokens": 9},
    }))
}

/// The answer to a control request; an unknown one is refused, harmlessly.
pub(crate) fn control_response(id: &str, subtype: &str) -> Value {
    let known = matches!(
        subtype,
        "interrupt"
            | "end_session"
            | "set_model"
            | "set_permission_mode"
            | "set_max_thinking_tokens"
    );
    let mut response = json!({"subtype": "success", "request_id": id});
    match subtype {
        _ if known => {}
        "initialize" => {
            response["response"] =
                json!({"commands": [], "agents": [], "models": [], "output_style": "default"});
        }
        "get_binary_version" => response["response"] = json!({"version": VERSION}),
        _ => {
            response["subtype"] = json!("error");
            response["error"] = json!(format!("Unsupported control request subtype: {subtype}"));
        }
    }
    json!({"type": "control_response", "response": response})
}
