//! Counting turns: each message of the main conversation is one, and is over when its tools have answered, the next one
//! begins, or the result is there.

use std::collections::HashSet;

use crate::stream_json::{Assistant, Fact};

/// The turns of a run so far.
pub(crate) struct Turns {
    count: u32,
    /// The message whose lines are being read; each of its blocks is a line of its own.
    message: Option<String>,
    open: bool,
    /// Its tools that have not answered.
    tools: HashSet<String>,
}

/// What a line means for the turn that was under way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It goes on, or there was none.
    GoesOn,
    /// It was over before this line.
    OverBefore,
    /// It is over with this line.
    OverWith,
}

impl Turns {
    /// Goes on from what earlier attempts counted.
    pub(crate) fn after(count: u32) -> Self {
        Self {
            count,
            message: None,
            open: false,
            tools: HashSet::new(),
        }
    }

    /// Turns begun.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Takes note of a line.
    pub(crate) fn note(&mut self, fact: &Fact<'_>) -> Turn {
        match fact {
            Fact::Assistant(assistant) if assistant.main => self.message(assistant),
            Fact::User { closed, .. } => {
                let answered = closed
                    .iter()
                    .filter(|id| self.tools.remove(id.as_ref()))
                    .count();
                self.over(answered > 0 && self.tools.is_empty())
            }
            Fact::Result => self.over(true),
            _ => Turn::GoesOn,
        }
    }

    fn message(&mut self, line: &Assistant<'_>) -> Turn {
        let Some(id) = line.message_id.as_deref() else {
            return Turn::GoesOn;
        };
        let mut turn = Turn::GoesOn;
        if self.message.as_deref() != Some(id) {
            if self.open {
                turn = Turn::OverBefore;
            }
            self.message = Some(id.to_owned());
            self.count += 1;
            self.open = true;
            self.tools.clear();
        }
        self.tools
            .extend(line.opened.iter().map(|id| id.to_string()));
        turn
    }

    fn over(&mut self, over: bool) -> Turn {
        if over && std::mem::take(&mut self.open) {
            Turn::OverWith
        } else {
            Turn::GoesOn
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream_json::peek;

    #[test]
    fn a_turn_is_one_message_of_the_main_conversation() {
        let mut turns = Turns::after(2);
        let mut note = |line: &str| {
            let turn = turns.note(&peek(line).unwrap().fact);
            (turns.count(), turn)
        };
        let text = |id: &str| {
            format!(
                r#"{{"type":"assistant","message":{{"id":"{id}","content":[{{"type":"text"}}]}}}}"#
            )
        };
        let tool = |id: &str, tool: &str| {
            format!(
                r#"{{"type":"assistant","message":{{"id":"{id}","content":[{{"type":"tool_use","id":"{tool}"}}]}}}}"#
            )
        };
        let done = |tool: &str| {
            format!(
                r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"{tool}"}}]}}}}"#
            )
        };
        assert_eq!(
            note(r#"{"type":"system","subtype":"init"}"#),
            (2, Turn::GoesOn)
        );
        assert_eq!(note(&text("m1")), (3, Turn::GoesOn));
        assert_eq!(note(&tool("m1", "t1")), (3, Turn::GoesOn));
        assert_eq!(note(&tool("m1", "t2")), (3, Turn::GoesOn));
        assert_eq!(note(&done("of a subagent")), (3, Turn::GoesOn));
        assert_eq!(note(&done("t1")), (3, Turn::GoesOn));
        assert_eq!(note(&done("t2")), (3, Turn::OverWith));
        assert_eq!(note(&text("m2")), (4, Turn::GoesOn));
        assert_eq!(note(&text("m3")), (5, Turn::OverBefore));
        assert_eq!(note(r#"{"type":"result"}"#), (5, Turn::OverWith));
        assert_eq!(note(r#"{"type":"result"}"#), (5, Turn::GoesOn));
        let sub = r#"{"type":"assistant","message":{"id":"s"},"parent_tool_use_id":"t"}"#;
        assert_eq!(note(sub), (5, Turn::GoesOn));
    }
}
