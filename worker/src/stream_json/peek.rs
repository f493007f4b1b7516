//! What a worker must know of a line, read without taking the line apart.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{InvalidLine, fields, text};

/// How a line is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Is recorded and passed on.
    Message,
    /// A token delta: passed on live where asked for.
    Partial,
    /// The CLI's talk with its host; not for clients.
    Control,
    /// The acknowledgement of a line we wrote; not for clients.
    Replay,
}

/// What a line is and what it tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Peek<'a> {
    pub(crate) kind: Kind,
    pub(crate) fact: Fact<'a>,
}

/// What a message tells. An odd shape tells nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fact<'a> {
    Nothing,
    /// `system/init`: a turn begins; may come several times.
    Init,
    /// A block of an assistant message.
    Assistant(Assistant<'a>),
    /// A user line: the ids of the tool calls it closes, and under which id the transcript has it.
    User {
        closed: Vec<Cow<'a, str>>,
        entry: Option<Cow<'a, str>>,
    },
    /// `rate_limit_event`: when the limit ends, as the CLI spells it.
    RateLimit {
        resets_at: &'a str,
    },
    /// The result of a turn; may come several times.
    Result,
}

/// One line of an assistant message; the CLI prints one for each of its blocks, all with the same id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assistant<'a> {
    pub(crate) message_id: Option<Cow<'a, str>>,
    /// It belongs to the main conversation, not to a subagent.
    pub(crate) main: bool,
    /// The ids of the tool calls it opens.
    pub(crate) opened: Vec<Cow<'a, str>>,
    /// The CLI wrote it in the model's place, because of this.
    pub(crate) error: Option<Cow<'a, str>>,
}

/// Looks at one line.
pub(crate) fn peek(line: &str) -> Result<Peek<'_>, InvalidLine> {
    let names = [
        "type",
        "subtype",
        "message",
        "parent_tool_use_id",
        "error",
        "isReplay",
        "rate_limit_info",
        "uuid",
    ];
    let [kind, subtype, message, parent, error, replay, limit, uuid] =
        fields(line, names).map_err(|_| refusal(line))?;
    let is = |value: Option<&RawValue>, wanted: &str| {
        value.and_then(text).is_some_and(|found| found == wanted)
    };
    let message = message.map_or("", RawValue::get);
    let kind = kind.and_then(text);
    let fact = match kind.as_deref() {
        Some("stream_event") => return Ok(Peek::silent(Kind::Partial)),
        Some("control_request" | "control_response" | "control_cancel_request") => {
            return Ok(Peek::silent(Kind::Control));
        }
        _ if replay.is_some_and(|flag| flag.get() == "true") => {
            return Ok(Peek::silent(Kind::Replay));
        }
        Some("assistant") => Fact::Assistant(assistant(message, parent, error)),
        Some("user") => Fact::User {
            closed: user(message),
            entry: uuid.and_then(text),
        },
        Some("system") if is(subtype, "init") => Fact::Init,
        Some("rate_limit_event") => rate_limit(limit),
        Some("result") => Fact::Result,
        _ => Fact::Nothing,
    };
    Ok(Peek {
        kind: Kind::Message,
        fact,
    })
}

impl Peek<'_> {
    fn silent(kind: Kind) -> Self {
        Self {
            kind,
            fact: Fact::Nothing,
        }
    }
}

fn refusal(line: &str) -> InvalidLine {
    let head = InvalidLine::head(line.as_bytes());
    match serde_json::from_str::<&RawValue>(line) {
        Ok(value) if !value.get().starts_with('{') => InvalidLine::NotAnObject(head),
        _ => InvalidLine::NotJson(head),
    }
}

fn assistant<'a>(
    message: &'a str,
    parent: Option<&RawValue>,
    error: Option<&'a RawValue>,
) -> Assistant<'a> {
    let [id, content] = fields(message, ["id", "content"]).unwrap_or_default();
    Assistant {
        message_id: id.and_then(text),
        main: parent.is_none_or(|parent| parent.get() == "null"),
        opened: block_ids(content, "tool_use", "id"),
        error: error.and_then(text),
    }
}

fn user(message: &str) -> Vec<Cow<'_, str>> {
    let [content] = fields(message, ["content"]).unwrap_or_default();
    block_ids(content, "tool_result", "tool_use_id")
}

/// The member `id` of each block of the wanted type in a message's content, which may also be a mere string.
fn block_ids<'a>(content: Option<&'a RawValue>, wanted: &str, id: &str) -> Vec<Cow<'a, str>> {
    let blocks: Vec<&RawValue> = content
        .and_then(|content| serde_json::from_str(content.get()).ok())
        .unwrap_or_default();
    let id_of = |block: &'a RawValue| {
        let [kind, id] = fields(block.get(), ["type", id]).ok()?;
        (kind.and_then(text)? == wanted).then(|| id.and_then(text))?
    };
    blocks.into_iter().filter_map(id_of).collect()
}

fn rate_limit(info: Option<&RawValue>) -> Fact<'_> {
    let resets_at = info
        .and_then(|info| fields(info.get(), ["resetsAt"]).ok())
        .and_then(|[at]| at);
    match resets_at {
        Some(at) if at.get() != "null" => Fact::RateLimit {
            resets_at: at.get(),
        },
        _ => Fact::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(line: &str) -> Fact<'_> {
        let peek = peek(line).unwrap();
        assert_eq!(peek.kind, Kind::Message, "{line}");
        peek.fact
    }

    #[test]
    fn host_talk_and_deltas_are_told_apart() {
        let table = [
            (r#"{"type":"stream_event","event":{}}"#, Kind::Partial),
            (r#"{"type":"control_request","request":{}}"#, Kind::Control),
            (r#"{"type":"control_response"}"#, Kind::Control),
            (r#"{"type":"control_cancel_request"}"#, Kind::Control),
            (r#"{"type":"user","isReplay":true}"#, Kind::Replay),
            (r#"{"type":"user","isReplay":false}"#, Kind::Message),
            (r#"{"type":"what","ever":1}"#, Kind::Message),
        ];
        for (line, kind) in table {
            assert_eq!(peek(line).unwrap().kind, kind, "{line}");
        }
    }

    #[test]
    fn tools_are_opened_and_closed() {
        let line = r#"{"type":"assistant","message":{"id":"m","content":[{"type":"text"},{"type":"tool_use","id":"t1"},{"type":"tool_use","id":"t2"}]},"parent_tool_use_id":"p"}"#;
        let Fact::Assistant(assistant) = fact(line) else {
            panic!("{line}")
        };
        assert_eq!(assistant.message_id.as_deref(), Some("m"));
        assert!(!assistant.main);
        assert_eq!(assistant.opened, ["t1", "t2"]);

        let line = r#"{"type":"user","message":{"content":[{"tool_use_id":"t1","type":"tool_result"}]},"uuid":"u"}"#;
        assert_eq!(
            fact(line),
            Fact::User {
                closed: vec!["t1".into()],
                entry: Some("u".into()),
            }
        );
    }

    #[test]
    fn single_facts_are_seen() {
        assert_eq!(fact(r#"{"subtype":"init","type":"system"}"#), Fact::Init);
        assert_eq!(fact(r#"{"type":"result"}"#), Fact::Result);
        let line = r#"{"type":"rate_limit_event","rate_limit_info":{"resetsAt":1790000000}}"#;
        assert_eq!(
            fact(line),
            Fact::RateLimit {
                resets_at: "1790000000"
            }
        );
    }

    #[test]
    fn odd_shapes_are_messages_without_facts() {
        for line in [
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"system","subtype":{}}"#,
            r#"{"type":"rate_limit_event","rate_limit_info":[]}"#,
            r#"{"n":1e999999,"n":123456789012345678901234567890}"#,
        ] {
            assert_eq!(fact(line), Fact::Nothing, "{line}");
        }
        let none = Fact::User {
            closed: Vec::new(),
            entry: None,
        };
        assert_eq!(
            fact(r#"{"type":"user","message":{"content":"text"}}"#),
            none
        );
        assert_eq!(fact(r#"{"type":"user","message":7}"#), none);
        let line = r#"{"type":"assistant","message":{"id":3,"content":[1,{"type":"tool_use"},{"type":"tool_use","id":2}]},"error":{}}"#;
        let empty = Assistant {
            message_id: None,
            main: true,
            opened: Vec::new(),
            error: None,
        };
        assert_eq!(fact(line), Fact::Assistant(empty));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(peek("[1]"), Err(InvalidLine::NotAnObject("[1]".to_owned())));
        assert_eq!(
            peek("{\"a\":\u{1}"),
            Err(InvalidLine::NotJson(r#"{\"a\":\x01"#.to_owned()))
        );
        assert_eq!(peek(&"ä".repeat(200)).unwrap_err().line().len(), 200 * 4);
    }
}
