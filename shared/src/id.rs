//! The ids: executions, sessions, workspaces, workers and events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not the id it was taken for; says what one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Takes the hyphenated form in either case, and no other spelling of a UUID.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                const WANTED: InvalidId = InvalidId("a UUID like 018f2f6e-7b1a-7c3d-9a51-3f6f0f6b2c11 is needed");
                if text.len() != 36 {
                    return Err(WANTED);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| WANTED)
            }
        }
    };
}

uuid_id!(
    /// One run of the CLI for one prompt: a UUIDv7, so that ids sort by the time of acceptance.
    ExecutionId
);
uuid_id!(
    /// A conversation: the UUID that the Claude CLI itself uses as its session id.
    SessionId
);

impl ExecutionId {
    /// A new id, later than all that this process made before.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl SessionId {
    /// A new random id.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

/// Where an execution's data lives: its session (which decides the Redis slot) and its own id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExecutionKey {
    /// The session it belongs to.
    pub session: SessionId,
    /// The execution.
    pub execution: ExecutionId,
}

impl fmt::Display for ExecutionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.session, self.execution)
    }
}

impl FromStr for ExecutionKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (session, execution) = text
            .split_once('/')
            .ok_or(InvalidId("a key is {session}/{execution}"))?;
        Ok(Self {
            session: session.parse()?,
            execution: execution.parse()?,
        })
    }
}

/// A tenant's folder and its name: `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkspaceId(String);

impl WorkspaceId {
    /// The pattern, for messages and schemas.
    pub const PATTERN: &'static str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    /// The id as text; safe as one component of a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspaceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = text.as_bytes();
        let fits = (1..=64).contains(&bytes.len())
            && bytes[0].is_ascii_alphanumeric()
            && bytes
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId(
                "a workspace id matches ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            ))
        }
    }
}

impl TryFrom<String> for WorkspaceId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<WorkspaceId> for String {
    fn from(id: WorkspaceId) -> Self {
        id.0
    }
}

/// The place of a recorded event: `{attempt}-{seq}`, ordered as two numbers.
///
/// `seq` counts 1, 2, 3 … without holes inside one attempt; attempts grow and may skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId {
    /// The attempt that wrote it; 0 before any worker took the execution.
    pub attempt: u32,
    /// Its place in the attempt, from 1.
    pub seq: u64,
}

impl EventId {
    /// The one that follows in the same attempt.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            attempt: self.attempt,
            seq: self.seq + 1,
        }
    }

    /// Whether nothing can lie between `before` and this: the next in its attempt, or the first of a later one.
    #[must_use]
    pub fn follows(self, before: Option<Self>) -> bool {
        match before {
            Some(before) if before.attempt == self.attempt => self.seq == before.seq + 1,
            Some(before) => self.attempt > before.attempt && self.seq == 1,
            None => self.seq == 1,
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.attempt, self.seq)
    }
}

impl FromStr for EventId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        const WANTED: InvalidId = InvalidId("an event id is {attempt}-{seq}, as in 1-42");
        // One spelling for each id: no sign, no leading zero.
        let digits = |part: &str| {
            part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
        };
        let (attempt, seq) = text.split_once('-').ok_or(WANTED)?;
        if !digits(attempt) || !digits(seq) {
            return Err(WANTED);
        }
        let id = Self {
            attempt: attempt.parse().map_err(|_| WANTED)?,
            seq: seq.parse().map_err(|_| WANTED)?,
        };
        if id.seq == 0 { Err(WANTED) } else { Ok(id) }
    }
}

impl TryFrom<String> for EventId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_ids_keep_to_the_pattern() {
        for good in ["a", "A-1", "team.web_2", &"x".repeat(64)] {
            assert!(good.parse::<WorkspaceId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<WorkspaceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn event_ids_order_as_numbers() {
        let id = |text: &str| text.parse::<EventId>().unwrap();
        assert!(id("1-9") < id("1-10"));
        assert!(id("2-1") > id("1-10"));
        for bad in [
            "",
            "1",
            "1-",
            "-1",
            "1-2-3",
            "+1-2",
            "1-x",
            "1-0",
            "1-01",
            "01-1",
            "99999999999-1",
        ] {
            assert!(bad.parse::<EventId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn uuids_are_taken_in_either_case_and_printed_in_lower() {
        let id: SessionId = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F".parse().unwrap();
        assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert!(
            "017f22e279b07cc398c4dc0c0c07398f"
                .parse::<SessionId>()
                .is_err()
        );
    }
}
