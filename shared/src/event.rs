//! An event of an execution: its id, its kind, and the frame that every client is sent, built once.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::id::EventId;

pub mod frame;

/// What an event tells. The other frames of the contract (`subscribed`, `gap`, `error`, `pong`) belong to one
/// connection and are made by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An attempt starts, or is given up.
    Status,
    /// One line of the CLI.
    ClaudeMessage,
    /// A token delta: live only.
    Partial,
    /// Turns so far: live only.
    Progress,
    /// The end; nothing follows.
    End,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Status,
        Self::ClaudeMessage,
        Self::Partial,
        Self::Progress,
        Self::End,
    ];

    /// As it is written in frames.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::ClaudeMessage => "claude_message",
            Self::Partial => "partial",
            Self::Progress => "progress",
            Self::End => "end",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// One event. Cloning shares the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the record; `None` for what is live only.
    pub id: Option<EventId>,
    /// What it tells.
    pub kind: Kind,
    /// The JSON text that clients are sent, unchanged on its way.
    pub frame: Bytes,
}
