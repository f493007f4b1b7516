//! Frames as lines for people: text, tool calls, results, and what it came to.

use serde_json::Value;

/// Characters of a tool's input or result that are shown.
const PREVIEW: usize = 160;

/// Lines of the CLI's standard error that are shown when it failed.
const STDERR_LINES: usize = 10;

/// The lines that a frame is shown as; none for what only programs need.
pub(crate) fn lines(frame: &Value) -> Vec<String> {
    let data = &frame["data"];
    let lines = match frame["type"].as_str() {
        Some("status") => status(data),
        Some("claude_message") => message(data),
        Some("gap") => vec!["… earlier events are no longer kept".to_owned()],
        Some("error") => vec![format!("error: {}", text(&data["message"]))],
        Some("end") => end(data),
        _ => Vec::new(),
    };
    lines.iter().map(|line| printable(line)).collect()
}

/// The progress in words, for a spinner.
pub(crate) fn progress(frame: &Value) -> Option<String> {
    let data = &frame["data"];
    match frame["type"].as_str()? {
        "progress" => Some(format!(
            "turn {}, {} messages",
            data["turns"], data["messages"]
        )),
        "status" => Some(text(&data["status"]).to_owned()),
        _ => None,
    }
}

/// A token delta's text.
pub(crate) fn delta(frame: &Value) -> Option<String> {
    let delta = &frame["data"]["event"]["delta"];
    (frame["type"] == "partial" && delta["type"] == "text_delta")
        .then(|| printable(text(&delta["text"])))
}

fn status(data: &Value) -> Vec<String> {
    match (data["status"].as_str(), data["attempt"].as_u64()) {
        (Some("pending"), _) => vec!["its worker was lost; another will run it".to_owned()],
        (_, Some(attempt)) if attempt > 1 => vec![format!("running, attempt {attempt}")],
        _ => Vec::new(),
    }
}

fn message(data: &Value) -> Vec<String> {
    let indent = if data["parent_tool_use_id"].is_string() {
        "  "
    } else {
        ""
    };
    let blocks = data["message"]["content"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let shown = match data["type"].as_str() {
        Some("assistant" | "user") => blocks.iter().flat_map(block).collect(),
        Some("system") if data["subtype"] == "api_retry" => {
            vec![format!(
                "… the API did not answer ({}), attempt {}",
                text(&data["error"]),
                data["attempt"]
            )]
        }
        _ => Vec::new(),
    };
    shown
        .into_iter()
        .map(|line: String| format!("{indent}{line}"))
        .collect()
}

fn block(block: &Value) -> Vec<String> {
    match block["type"].as_str() {
        Some("text") => text(&block["text"]).lines().map(str::to_owned).collect(),
        Some("tool_use") => vec![format!(
            "→ {} {}",
            text(&block["name"]),
            preview(&input(&block["input"]))
        )],
        Some("tool_result") => {
            let mark = if block["is_error"] == true {
                "✗"
            } else {
                "←"
            };
            vec![format!("{mark} {}", preview(&content(&block["content"])))]
        }
        _ => Vec::new(),
    }
}

/// The argument that says most about a call, or all of them.
fn input(input: &Value) -> String {
    let telling = [
        "command",
        "file_path",
        "path",
        "pattern",
        "url",
        "query",
        "description",
    ];
    let found = telling.into_iter().find_map(|key| input[key].as_str());
    found.map_or_else(|| input.to_string(), str::to_owned)
}

/// A tool result's text, which is a string or blocks.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

fn end(data: &Value) -> Vec<String> {
    let result = &data["result"];
    let status = text(&data["status"]);
    let mut facts = vec![status.to_owned()];
    if let Some(turns) = result["num_turns"].as_u64() {
        facts.push(format!(
            "{turns} {}",
            if turns == 1 { "turn" } else { "turns" }
        ));
    }
    if let Some(ms) = result["duration_ms"].as_f64() {
        facts.push(format!("{:.1} s", ms / 1000.0));
    }
    if let Some(cost) = result["total_cost_usd"].as_f64() {
        facts.push(format!("${cost:.4}"));
    }
    let mut lines = vec![String::new(), facts.join(" · ")];
    let error = &data["error"];
    if let Some(code) = error["code"].as_str() {
        lines.push(format!("{code}: {}", text(&error["message"])));
    }
    lines.extend(stderr(text(&error["details"]["stderr"])));
    lines
}

/// The last lines of what the CLI said about its failure.
fn stderr(whole: &str) -> Vec<String> {
    let said: Vec<&str> = whole
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = &said[said.len().saturating_sub(STDERR_LINES)..];
    last.iter().map(|line| format!("  | {line}")).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn preview(whole: &str) -> String {
    let first = whole.lines().next().unwrap_or("");
    let more = whole.lines().count().saturating_sub(1);
    let mut shown: String = first.chars().take(PREVIEW).collect();
    if shown.len() < first.len() {
        shown.push('…');
    }
    if more > 0 {
        shown.push_str(&format!(" (+{more} lines)"));
    }
    shown
}

/// Without what would steer a terminal: a model's text is not trusted to.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(data: Value) -> Vec<String> {
        lines(&json!({ "type": "claude_message", "data": data }))
    }

    #[test]
    fn a_tool_call_and_its_result_are_a_line_each() {
        let call = json!({"type":"assistant","message":{"content":[
            {"type":"text","text":"I will look."},
            {"type":"tool_use","name":"Bash","input":{"command":"ls\npwd","description":"look"}}]}});
        assert_eq!(shown(call), ["I will look.", "→ Bash ls (+1 lines)"]);
        let result = json!({"type":"user","message":{"content":[{"type":"tool_result","content":"a\nb\nc","is_error":true}]}});
        assert_eq!(shown(result), ["✗ a (+2 lines)"]);
    }

    #[test]
    fn the_end_says_what_it_came_to() {
        let frame = json!({"type":"end","data":{"status":"completed","error":null,
            "result":{"num_turns":2,"duration_ms":1500,"total_cost_usd":0.0123}}});
        assert_eq!(lines(&frame), ["", "completed · 2 turns · 1.5 s · $0.0123"]);
    }

    #[test]
    fn a_failure_shows_the_last_of_what_the_cli_said() {
        let stderr: String = (0..12).map(|n| format!("line {n}\n\n")).collect();
        let frame = json!({"type":"end","data":{"status":"failed","result":null,
            "error":{"code":"CLI_EXITED","message":"it exited","details":{"stderr":stderr}}}});
        let shown = lines(&frame);
        assert_eq!(
            shown[..4],
            ["", "failed", "CLI_EXITED: it exited", "  | line 2"]
        );
        assert_eq!(shown.last().unwrap(), "  | line 11");
    }

    #[test]
    fn a_terminal_is_not_steered() {
        let text = json!({"type":"assistant","message":{"content":[{"type":"text","text":"a\u{1b}[2Jb\u{7}"}]}});
        assert_eq!(shown(text), ["a[2Jb"]);
    }
}
