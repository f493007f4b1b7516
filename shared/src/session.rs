//! A session's record: the conversation that executions continue, one after the other.

use crate::id::{ExecutionId, SessionId, WorkspaceId};
use crate::timestamp::Timestamp;

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
    /// The newest execution.
    pub last_execution_id: Option<ExecutionId>,
    /// The oldest one that has not ended: the one that runs, or is next.
    pub active_execution_id: Option<ExecutionId>,
    /// Where the transcript lies that the next execution resumes; a name inside the transcript store.
    pub transcript: Option<String>,
}

/// Whether an execution begins a session or continues one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionMode {
    /// The session is made with it.
    Begin,
    /// The session must exist in that workspace and be open.
    Continue,
}
