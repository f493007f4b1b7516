//! What was seen of a run so far: kept by the reader, watched by the supervisor.

use std::collections::HashSet;

use tokio::time::Instant;

use crate::outcome::Report;
use crate::result::ResultLine;
use crate::stream_json::{Fact, InvalidLine, Kind, Peek};

/// What the lines read so far add up to.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Something was read, or a line was done with, at that time.
    pub(super) last_activity: Instant,
    /// A line is being passed on.
    pub(super) delivering: bool,
    /// A turn goes on: from the start, and again from the first message after a result.
    pub(super) turn_open: bool,
    pub(super) open_tools: HashSet<String>,
    pub(super) tool_used: bool,
    /// `result` lines so far.
    pub(super) results: u32,
    /// There is nothing more to read, since then.
    pub(super) ended: Option<Instant>,
    pub(super) invalid_line: Option<InvalidLine>,
    result: Option<ResultLine>,
    assistant_error: Option<String>,
    resets_at: Option<serde_json::Value>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            last_activity: Instant::now(),
            delivering: false,
            turn_open: true,
            open_tools: HashSet::new(),
            tool_used: false,
            results: 0,
            ended: None,
            invalid_line: None,
            result: None,
            assistant_error: None,
            resets_at: None,
        }
    }
}

impl Seen {
    /// Takes note of a line; tells whether the supervisor should look.
    pub(crate) fn note(&mut self, line: &str, peek: &Peek<'_>) -> bool {
        if peek.kind != Kind::Message {
            return false;
        }
        match &peek.fact {
            Fact::Nothing => return false,
            Fact::Init => self.turn_open = true,
            Fact::Assistant(assistant) => {
                self.turn_open = true;
                self.tool_used |= !assistant.opened.is_empty();
                self.open_tools
                    .extend(assistant.opened.iter().map(|id| id.to_string()));
                self.assistant_error = assistant.error.as_ref().map(|error| error.to_string());
            }
            Fact::User { closed, .. } => {
                self.turn_open = true;
                for id in closed {
                    self.open_tools.remove(id.as_ref());
                }
            }
            Fact::RateLimit { resets_at } => self.resets_at = serde_json::from_str(resets_at).ok(),
            Fact::Result => {
                self.turn_open = false;
                // A tool that was cut off by an interrupt may never be closed.
                self.open_tools.clear();
                self.results += 1;
                self.result = ResultLine::read(line).or(self.result.take());
            }
        }
        true
    }

    /// What of the report comes from the output.
    pub(crate) fn into_report(self) -> Report {
        Report {
            result: self.result,
            turn_open: self.turn_open,
            tool_used: self.tool_used,
            assistant_error: self.assistant_error,
            resets_at: self.resets_at,
            invalid_line: self.invalid_line,
            ..Report::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream_json::peek;

    #[test]
    fn tools_and_turns_open_and_close() {
        let mut seen = Seen::default();
        let mut note = |line: &str| {
            seen.note(line, &peek(line).unwrap());
            (seen.open_tools.len(), seen.turn_open)
        };
        let tool = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t"}]}}"#;
        let done =
            r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t"}]}}"#;
        assert_eq!(note(tool), (1, true));
        assert_eq!(note(done), (0, true));
        assert_eq!(note(tool), (1, true));
        assert_eq!(note(r#"{"type":"result"}"#), (0, false));
        assert_eq!(
            note(r#"{"type":"system","subtype":"task_notification"}"#),
            (0, false)
        );
        assert_eq!(note(r#"{"type":"system","subtype":"init"}"#), (0, true));
    }
}
