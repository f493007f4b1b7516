//! The CLI's `result` line: what decides about the outcome, and the object that clients are shown.

use std::fmt::Write;

use longshore_shared::usage::Usage;
use serde_json::value::RawValue;

use crate::stream_json::{fields, text};

/// A `result` line, read.
#[derive(Debug, Clone)]
pub(crate) struct ResultLine {
    pub(crate) subtype: String,
    /// Anything but a plain `false` counts as an error.
    pub(crate) is_error: bool,
    pub(crate) terminal_reason: Option<String>,
    pub(crate) api_error_status: Option<u16>,
    pub(crate) errors: Vec<String>,
    /// The beginning of `result`, for messages.
    pub(crate) text: String,
    /// Of the whole process so far.
    pub(crate) cost_usd: f64,
    /// What the CLI counted; what it does not tell, or tells oddly, counts as none.
    pub(crate) usage: Usage,
    /// The contract's `result` object.
    pub(crate) contract: Box<RawValue>,
}

/// How much of a text goes into a message.
const TEXT: usize = 500;

/// The contract's name of each member, and the CLI's.
const MEMBERS: [(&str, &str); 11] = [
    ("text", "result"),
    ("subtype", "subtype"),
    ("is_error", "is_error"),
    ("num_turns", "num_turns"),
    ("duration_ms", "duration_ms"),
    ("duration_api_ms", "duration_api_ms"),
    ("total_cost_usd", "total_cost_usd"),
    ("usage", "usage"),
    ("model_usage", "modelUsage"),
    ("permission_denials", "permission_denials"),
    ("structured_output", "structured_output"),
];

impl ResultLine {
    /// Reads a line that [`peek`](crate::stream_json::peek) took for a result; `None` when it is no object after all.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let members = fields(line, MEMBERS.map(|(_, theirs)| theirs)).ok()?;
        let names = ["terminal_reason", "api_error_status", "errors"];
        let [terminal_reason, status, errors] = fields(line, names).ok()?;
        let [said, subtype, is_error, _, _, _, cost, usage, ..] = members;
        let string = |value: Option<&RawValue>| value.and_then(text).map(|text| text.into_owned());
        Some(Self {
            subtype: string(subtype).unwrap_or_default(),
            is_error: is_error.is_none_or(|flag| flag.get() != "false"),
            terminal_reason: string(terminal_reason),
            api_error_status: status.and_then(|status| status.get().parse().ok()),
            errors: errors
                .and_then(|errors| serde_json::from_str(errors.get()).ok())
                .unwrap_or_default(),
            text: string(said)
                .map(|said| said.chars().take(TEXT).collect())
                .unwrap_or_default(),
            cost_usd: cost
                .and_then(|cost| cost.get().parse().ok())
                .filter(|cost: &f64| cost.is_finite())
                .unwrap_or(0.0),
            usage: usage.map(tokens).unwrap_or_default(),
            contract: contract(members)?,
        })
    }

    /// The turn went well, as far as the CLI can tell.
    pub(crate) fn is_success(&self) -> bool {
        !self.is_error && self.subtype == "success"
    }

    /// It was not cut short by an interrupt, which may also be reported as a success.
    pub(crate) fn is_complete(&self) -> bool {
        let reason = self.terminal_reason.as_deref();
        self.is_success() && reason.is_none_or(|reason| reason == "completed")
    }
}

fn tokens(usage: &RawValue) -> Usage {
    let Ok(members) = fields(usage.get(), Usage::NAMES) else {
        return Usage::default();
    };
    Usage::from_counts(members.map(|count| {
        count
            .and_then(|count| count.get().parse().ok())
            .unwrap_or(0)
    }))
}

/// Values are copied as text, so that numbers keep their spelling.
fn contract(values: [Option<&RawValue>; MEMBERS.len()]) -> Option<Box<RawValue>> {
    let mut json = String::new();
    for ((name, _), value) in MEMBERS.iter().zip(values) {
        let separator = if json.is_empty() { '{' } else { ',' };
        let value = value.map_or("null", RawValue::get);
        write!(json, "{separator}\"{name}\":{value}").ok()?;
    }
    json.push('}');
    RawValue::from_string(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_renamed_and_otherwise_unchanged() {
        let line = r#"{"type":"result","subtype":"success","is_error":false,"result":"hi","total_cost_usd":0.10,"modelUsage":{"m":{"costUSD":1.50}},"num_turns":1,"terminal_reason":"completed","api_error_status":null}"#;
        let result = ResultLine::read(line).unwrap();
        assert_eq!(
            result.contract.get(),
            r#"{"text":"hi","subtype":"success","is_error":false,"num_turns":1,"duration_ms":null,"duration_api_ms":null,"total_cost_usd":0.10,"usage":null,"model_usage":{"m":{"costUSD":1.50}},"permission_denials":null,"structured_output":null}"#
        );
        assert!(result.is_success() && result.is_complete());
        assert!((result.cost_usd - 0.1).abs() < 1e-9);
        assert_eq!(result.api_error_status, None);
    }

    #[test]
    fn tokens_are_counted_and_odd_ones_are_not() {
        let read = |usage: &str| {
            let line = format!(r#"{{"type":"result","usage":{usage}}}"#);
            ResultLine::read(&line).unwrap().usage
        };
        let counted = r#"{"input_tokens":3,"output_tokens":5,"cache_creation_input_tokens":7,"cache_read_input_tokens":11,"service_tier":"standard"}"#;
        assert_eq!(read(counted).counts(), [3, 5, 7, 11]);
        let odd = r#"{"input_tokens":"3","output_tokens":-5,"cache_creation_input_tokens":null,"cache_read_input_tokens":1.5}"#;
        for odd in [odd, "null", "7", "[]", "\"x\"", "{}"] {
            assert_eq!(read(odd), Usage::default(), "{odd}");
        }
        let partly = read(r#"{"output_tokens":5,"input_tokens":99999999999999999999}"#);
        assert_eq!(partly.counts(), [0, 5, 0, 0]);
    }

    #[test]
    fn odd_results_are_errors() {
        let result = ResultLine::read(
            r#"{"type":"result","subtype":7,"total_cost_usd":1e999,"errors":[1]}"#,
        )
        .unwrap();
        assert!(!result.is_success() && result.errors.is_empty());
        assert_eq!((result.subtype.as_str(), result.cost_usd), ("", 0.0));
    }
}
