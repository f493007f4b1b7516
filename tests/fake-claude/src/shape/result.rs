//! The `result` line and the money in it.

use std::time::Duration;

use serde_json::{Value, json};

/// What the API calls of one turn, or of the whole process, took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    input: u64,
    output: u64,
}

impl Spent {
    /// One finished message: 12 tokens in and 9 out, the sample's; at least a cost that is not zero.
    pub(crate) fn message(&mut self) {
        self.input += 12;
        self.output += 9;
    }

    fn usd(self) -> f64 {
        let micros = u32::try_from(self.input * 5 + self.output * 25).unwrap_or(u32::MAX);
        f64::from(micros) / 1e6
    }

    fn usage(self) -> Value {
        json!({
            "input_tokens": self.input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "output_tokens": self.output,
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "service_tier": "standard",
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
            "inference_geo": "", "iterations": [], "speed": "standard",
        })
    }

    fn by_model(self, model: &str) -> Value {
        if self.output == 0 {
            return json!({});
        }
        json!({model: {
            "inputTokens": self.input, "outputTokens": self.output, "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0, "webSearchRequests": 0, "costUSD": self.usd(),
            "contextWindow": 200_000, "maxOutputTokens": 64_000,
        }})
    }
}

/// How a turn ended, in the result's own words.
pub(crate) struct Outcome {
    pub(crate) subtype: String,
    pub(crate) is_error: bool,
    pub(crate) stop_reason: Option<&'static str>,
    pub(crate) terminal_reason: Option<String>,
    /// The last text on success, else the errors.
    pub(crate) said: Result<String, String>,
    pub(crate) api_error_status: Option<u16>,
}

/// The numbers beside it. Money is the process's so far, usage is this turn's: so does the real CLI.
#[derive(Default)]
pub(crate) struct Numbers {
    pub(crate) took: Duration,
    pub(crate) first_text: Option<Duration>,
    pub(crate) turns: u32,
    pub(crate) turn: Spent,
    pub(crate) process: Spent,
}

pub(crate) fn line(outcome: &Outcome, numbers: &Numbers, model: &str) -> Value {
    let mut line = json!({
        "type": "result", "subtype": outcome.subtype, "is_error": outcome.is_error,
        "duration_ms": millis(numbers.took), "duration_api_ms": millis(numbers.took),
        "num_turns": numbers.turns, "stop_reason": outcome.stop_reason,
        "total_cost_usd": numbers.process.usd(), "usage": numbers.turn.usage(),
        "modelUsage": numbers.process.by_model(model), "permission_denials": [],
    });
    if let Some(reason) = &outcome.terminal_reason {
        line["terminal_reason"] = json!(reason);
        line["fast_mode_state"] = json!("off");
    }
    match &outcome.said {
        Ok(text) => {
            line["result"] = json!(text);
            line["api_error_status"] = json!(outcome.api_error_status);
        }
        Err(why) => line["errors"] = json!([why]),
    }
    if let (Ok(_), Some(first)) = (&outcome.said, numbers.first_text) {
        for name in ["ttft_ms", "ttft_stream_ms", "time_to_request_ms"] {
            line[name] = json!(millis(first));
        }
    }
    line
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
