//! A session's record: the conversation that executions continue, one after the other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::{ExecutionId, SessionId, WorkspaceId};
use crate::timestamp::Timestamp;
use crate::usage::Usage;

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// Nothing of it is pending or running.
    Idle,
    /// Something of it is pending or running.
    Active,
    /// It takes nothing more; what it had may still be ending.
    Closed,
}

impl SessionStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Active, Self::Closed];

    /// As it is written in JSON and in Redis.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SessionStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(())
    }
}

/// A session as it is recorded.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, also the CLI's.
    pub session_id: SessionId,
    /// The workspace all its executions run in.
    pub workspace_id: WorkspaceId,
    /// Whether nothing more is accepted for it.
    pub closed: bool,
    /// When its first execution was accepted.
    pub created_at: Timestamp,
    /// When something of it last changed.
    pub updated_at: Timestamp,
    /// Executions accepted so far.
    pub executions: u64,
    /// Turns of all of them.
    pub turns: u64,
    /// Costs of all of them.
    pub total_cost_usd: f64,
    /// Tokens of all that ended.
    pub usage: Usage,
    /// The newest execution.
    pub last_execution_id: Option<ExecutionId>,
    /// The oldest one that has not ended: the one that runs, or is next.
    pub active_execution_id: Option<ExecutionId>,
    /// Where the transcript lies that the next execution resumes; a name inside the transcript store.
    pub transcript: Option<String>,
    /// The client's own data, as given with the execution that began the session.
    pub metadata: Option<Box<RawValue>>,
}

impl Session {
    /// What it is doing.
    #[must_use]
    pub fn status(&self) -> SessionStatus {
        if self.closed {
            SessionStatus::Closed
        } else if self.active_execution_id.is_some() {
            SessionStatus::Active
        } else {
            SessionStatus::Idle
        }
    }
}

/// Whether an execution begins a session or continues one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionMode {
    /// The session is made with it.
    Begin,
    /// The session must exist in that workspace and be open.
    Continue,
}
