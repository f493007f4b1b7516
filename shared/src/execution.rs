//! An execution's record: its status, its counters, and how it ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::{EventId, ExecutionId, SessionId, WorkspaceId};
use crate::timestamp::Timestamp;
use crate::usage::Usage;

mod error;

pub use error::{ErrorCode, ExecutionError};

/// Where an execution stands. `lifecycle` says what may become what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, waiting for a worker.
    Pending,
    /// A worker holds its lease.
    Running,
    /// The CLI reported success.
    Completed,
    /// It ended without success; `error` says why.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    /// All of them, in the order of life.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it is written in JSON and in Redis.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(())
    }
}

/// An execution as it is recorded.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its id.
    pub execution_id: ExecutionId,
    /// Its session.
    pub session_id: SessionId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// Where it stands.
    pub status: Status,
    /// Turns of the main conversation so far.
    pub turns: u32,
    /// The limit of turns it was given.
    pub max_turns: Option<u32>,
    /// Recorded `claude_message` events of all attempts.
    pub messages: u64,
    /// The last attempt; `None` before the first.
    pub attempt: Option<u32>,
    /// The worker that made it.
    pub worker_id: Option<String>,
    /// When the API accepted it.
    pub created_at: Timestamp,
    /// When its first attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The CLI's own result, as the contract renames it.
    pub result: Option<Box<RawValue>>,
    /// Why it failed or was cancelled.
    pub error: Option<ExecutionError>,
    /// The client's own data.
    pub metadata: Option<Box<RawValue>>,
    /// W3C trace id.
    pub trace_id: String,
}

impl Execution {
    /// 0.0–1.0: `turns / max_turns` where there is a limit, 0 while running without one, 1 once ended.
    #[must_use]
    pub fn progress(&self) -> f64 {
        if self.status.has_ended() {
            1.0
        } else {
            progress(self.turns, self.max_turns)
        }
    }
}

/// The progress of a run that has not ended; see [`Execution::progress`].
#[must_use]
pub fn progress(turns: u32, max_turns: Option<u32>) -> f64 {
    match max_turns {
        Some(max) if max > 0 => (f64::from(turns) / f64::from(max)).min(1.0),
        _ => 0.0,
    }
}

/// How an execution ended, as it will be stored: decided by the worker, or by whoever ends it without one.
#[derive(Debug, Clone)]
pub struct Ending {
    /// `Completed`, `Failed` or `Cancelled`.
    pub kind: EndKind,
    /// The CLI's result as the contract shows it, where there is one.
    pub result: Option<Box<RawValue>>,
    /// Needed unless completed.
    pub error: Option<ExecutionError>,
    /// What it cost, for the session's sum.
    pub cost_usd: f64,
    /// The tokens it took, for the session's sums.
    pub usage: Usage,
    /// The last event of the attempt that ends: it must be on record, or the end is not stored.
    pub after: Option<EventId>,
}

impl Ending {
    /// A failure without a result of the CLI.
    #[must_use]
    pub fn failed(error: ExecutionError) -> Self {
        Self {
            kind: EndKind::Failed,
            result: None,
            error: Some(error),
            cost_usd: 0.0,
            usage: Usage::default(),
            after: None,
        }
    }

    /// The cost as it goes into a session's sum: what is no amount of money counts as none.
    #[must_use]
    pub fn bounded_cost(&self) -> f64 {
        const MOST: f64 = 1e9;
        if self.cost_usd.is_finite() {
            self.cost_usd.clamp(0.0, MOST)
        } else {
            0.0
        }
    }

    /// A cancellation, for the given reason.
    #[must_use]
    pub fn cancelled(reason: CancelReason) -> Self {
        Self {
            kind: EndKind::Cancelled,
            result: None,
            error: Some(reason.error()),
            cost_usd: 0.0,
            usage: Usage::default(),
            after: None,
        }
    }
}

/// The three ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    /// See [`Status::Completed`].
    Completed,
    /// See [`Status::Failed`].
    Failed,
    /// See [`Status::Cancelled`].
    Cancelled,
}

impl EndKind {
    /// The status it leads to.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::Failed => Status::Failed,
            Self::Cancelled => Status::Cancelled,
        }
    }
}

/// Who asked for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// A client cancelled the execution.
    Requested,
    /// Its session was closed.
    SessionClosed,
}

impl CancelReason {
    /// As it is kept in the record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::SessionClosed => "session_closed",
        }
    }

    /// What the record and the client are told.
    #[must_use]
    pub fn error(self) -> ExecutionError {
        match self {
            Self::Requested => {
                ExecutionError::new(ErrorCode::Cancelled, "the execution was cancelled")
            }
            Self::SessionClosed => {
                ExecutionError::new(ErrorCode::SessionClosed, "its session was closed")
            }
        }
    }
}

impl FromStr for CancelReason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Requested, Self::SessionClosed]
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or(())
    }
}
