//! How a turn ends: what became of it, told in its `result` line.

use serde_json::json;

use super::Player;
use crate::claude::Stop;
use crate::shape;
use crate::shape::result::{Numbers, Outcome};

impl Player<'_> {
    /// Prints the result; whether a background turn follows.
    pub(super) fn end(mut self, ended: Result<(), Stop>) -> Result<bool, Stop> {
        let outcome = match ended {
            Ok(()) => self.success(),
            Err(Stop::Interrupted) => self.interrupted(),
            Err(Stop::MaxTurns(limit)) => failure(
                "error_max_turns",
                format!("Reached maximum number of turns ({limit})"),
            ),
            Err(Stop::Failed(subtype)) => {
                failure(&subtype, format!("fake-claude was told to fail: {subtype}"))
            }
            Err(Stop::Api(status)) => self.api_error(status),
            Err(Stop::NoResult) => {
                self.claude.failed = false;
                return Ok(false);
            }
            Err(leave @ Stop::Leave(_)) => return Err(leave),
        };
        let (role, text) = match &outcome.said {
            Ok(text) => ("assistant", text),
            Err(why) => ("user", why),
        };
        self.claude.session.answer(role, text);
        self.result(&outcome);
        Ok(self.turn.background && !outcome.is_error)
    }

    fn result(&mut self, outcome: &Outcome) {
        let numbers = Numbers {
            took: self.turn.began.elapsed(),
            first_text: self.turn.first_text,
            turns: self.turn.messages + u32::from(outcome.said.is_err()),
            turn: self.turn.spent,
            process: self.claude.spent,
        };
        let mut line = shape::result::line(outcome, &numbers, shape::model(&self.claude.flags));
        if self.turn.prompt.is_empty() {
            line["origin"] = json!({"kind": "task-notification"});
        }
        self.claude.failed = outcome.is_error;
        self.claude.out.event(line);
    }

    fn success(&mut self) -> Outcome {
        Outcome {
            subtype: "success".into(),
            is_error: false,
            stop_reason: Some("end_turn"),
            terminal_reason: Some("completed".into()),
            said: Ok(std::mem::take(&mut self.turn.said)),
            api_error_status: None,
        }
    }

    fn interrupted(&mut self) -> Outcome {
        if let Some((message, text)) = self.turn.unsaid.take() {
            self.text_line(&message, &text);
        }
        let (suffix, reason, stop) = if self.turn.tool_open {
            (" for tool use", "aborted_tools", Some("tool_use"))
        } else {
            ("", "aborted_streaming", None)
        };
        let remark = format!("[Request interrupted by user{suffix}]");
        self.claude
            .out
            .event(shape::user(&json!({"type": "text", "text": remark})));
        let why = format!(
            "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason={}",
            stop.unwrap_or("null")
        );
        let outcome = failure("error_during_execution", why);
        Outcome {
            terminal_reason: Some(reason.into()),
            stop_reason: stop,
            ..outcome
        }
    }

    fn api_error(&mut self, status: u16) -> Outcome {
        let text = format!("API Error: {status} fake-claude says {status}");
        self.claude.out.event(shape::api_error(status, &text));
        self.turn.messages += 1;
        Outcome {
            is_error: true,
            stop_reason: Some("stop_sequence"),
            said: Ok(text),
            api_error_status: Some(status),
            ..self.success()
        }
    }
}

fn failure(subtype: &str, why: String) -> Outcome {
    Outcome {
        subtype: subtype.to_owned(),
        is_error: true,
        stop_reason: Some("tool_use"),
        terminal_reason: Some(subtype.trim_start_matches("error_").to_owned()),
        said: Err(why),
        api_error_status: None,
    }
}
