//! What a client may say: `{"type":"cancel"}`, `{"type":"ping"}`.

use crate::extract::Fields;

/// A client's frame, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Cancel,
    Ping,
}

impl Command {
    /// `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = Fields::parse(text.as_bytes()).ok()?;
        let kind: String = fields.take("type", "a string").ok()??;
        fields.finish().ok()?;
        match kind.as_str() {
            "cancel" => Some(Self::Cancel),
            "ping" => Some(Self::Ping),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_are_understood() {
        assert_eq!(
            Command::parse(r#"{"type":"cancel"}"#),
            Some(Command::Cancel)
        );
        assert_eq!(
            Command::parse(r#" {"type" : "ping"} "#),
            Some(Command::Ping)
        );
        for bad in [
            "",
            "ping",
            "{}",
            r#"{"type":"stop"}"#,
            r#"["cancel"]"#,
            r#"{"type":["cancel"]}"#,
            r#"{"type":{"cancel":null}}"#,
            r#"{"type":"cancel","force":true}"#,
            r#"{"type":"cancel","type":"ping"}"#,
            "null",
        ] {
            assert_eq!(Command::parse(bad), None, "{bad}");
        }
    }
}
