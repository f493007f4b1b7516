//! What a client may say: `{"type":"cancel"}`, `{"type":"ping"}`, `{"type":"auth","token":"…"}`.

use crate::extract::Fields;
use crate::identity::bearer::Token;

/// A client's frame, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Cancel,
    Ping,
    Auth(Token),
}

impl Command {
    /// `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = Fields::parse(text.as_bytes()).ok()?;
        let kind: String = fields.take("type", "a string").ok()??;
        let token: Option<String> = fields.take("token", "a string").ok()?;
        fields.finish().ok()?;
        match (kind.as_str(), token) {
            ("cancel", None) => Some(Self::Cancel),
            ("ping", None) => Some(Self::Ping),
            ("auth", Some(token)) => Some(Self::Auth(Token::new(token))),
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
        assert_eq!(
            Command::parse(r#"{"type":"auth","token":"a.b.c"}"#),
            Some(Command::Auth(Token::new("a.b.c")))
        );
        for bad in [
            r#"{"type":"auth"}"#,
            r#"{"type":"auth","token":7}"#,
            r#"{"type":"auth","token":"a.b.c","more":1}"#,
            r#"{"type":"ping","token":"a.b.c"}"#,
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
