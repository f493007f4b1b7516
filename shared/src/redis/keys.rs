//! The names of keys and channels.
//!
//! All that belongs to a session carries the hash tag `{session}`, so that each script works on one slot, on a
//! cluster as on one node. The rest is written in an order that makes a crash harmless, and checked against the
//! record when it is read.

use std::sync::Arc;

use crate::id::{ExecutionId, ExecutionKey, SessionId, WorkspaceId};

/// Makes names within one namespace.
#[derive(Clone)]
pub(crate) struct Keys {
    namespace: Arc<str>,
}

impl Keys {
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
        }
    }

    /// Hash: a session's record.
    pub(crate) fn session(&self, session: SessionId) -> String {
        format!("{}:{{{session}}}:session", self.namespace)
    }

    /// List: a session's executions that have not ended, oldest first.
    pub(crate) fn order(&self, session: SessionId) -> String {
        format!("{}:{{{session}}}:order", self.namespace)
    }

    /// Sorted set: a session's executions by the number in which they were accepted.
    pub(crate) fn accepted(&self, session: SessionId) -> String {
        format!("{}:{{{session}}}:executions", self.namespace)
    }

    /// Hash: an execution's record. Ends with the execution's id, which the scripts rely on.
    pub(crate) fn execution(&self, key: ExecutionKey) -> String {
        format!(
            "{}:{{{}}}:execution:{}",
            self.namespace, key.session, key.execution
        )
    }

    /// Stream: an execution's events.
    pub(crate) fn log(&self, key: ExecutionKey) -> String {
        format!(
            "{}:{{{}}}:events:{}",
            self.namespace, key.session, key.execution
        )
    }

    /// Channel: an execution's events, live.
    pub(crate) fn channel(&self, key: ExecutionKey) -> String {
        format!(
            "{}:{{{}}}:live:{}",
            self.namespace, key.session, key.execution
        )
    }

    /// String: the session of an execution. Never changes.
    pub(crate) fn pointer(&self, execution: ExecutionId) -> String {
        format!("{}:session-of:{execution}", self.namespace)
    }

    /// Sorted set: executions by the end of their lease. A superset of those that run; the record decides.
    pub(crate) fn leases(&self) -> String {
        format!("{}:leases", self.namespace)
    }

    /// Sorted set: executions accepted and not noted as dispatched, by time.
    pub(crate) fn undispatched(&self) -> String {
        format!("{}:undispatched", self.namespace)
    }

    /// Sorted set: executions that wait for a worker, by the time of their entry. A superset of them, but for what a
    /// crash leaves out; only their number is asked for.
    pub(crate) fn pending(&self) -> String {
        format!("{}:pending", self.namespace)
    }

    /// Sorted set, in the order of its texts: every execution, as `{execution}/{session}/{workspace}`.
    pub(crate) fn executions(&self) -> String {
        format!("{}:executions", self.namespace)
    }

    /// The same: every execution of a workspace. What is here is in [`Self::executions`] too.
    pub(crate) fn executions_of(&self, workspace: &WorkspaceId) -> String {
        format!("{}:executions:{workspace}", self.namespace)
    }

    /// Hash: the clock of the index of sessions. All other keys of the index lie in its slot, and their names are its
    /// own with another last word; its scripts know them.
    pub(crate) fn session_index(&self) -> String {
        format!("{}:{{sessions}}:clock", self.namespace)
    }

    /// Hash, in the same slot: what the index knows of each session.
    pub(crate) fn known_sessions(&self) -> String {
        format!("{}:{{sessions}}:known", self.namespace)
    }

    /// String: the walker whose turn it is to look through the lists. Goes when that one stops asking.
    pub(crate) fn janitor(&self) -> String {
        format!("{}:janitor", self.namespace)
    }

    /// String: when this Redis was first seen by a worker; gone with everything else when it is emptied.
    pub(crate) fn epoch(&self) -> String {
        format!("{}:epoch", self.namespace)
    }

    /// String: when a caller's bucket of tokens is full again. Goes then.
    pub(crate) fn bucket(&self, caller: &str) -> String {
        format!("{}:rate:{caller}", self.namespace)
    }

    /// Hash: what an Idempotency-Key stands for.
    pub(crate) fn idempotency(&self, key: &str) -> String {
        format!("{}:idempotency:{key}", self.namespace)
    }

    /// Sorted set: the workers by their last report. All other keys of the fleet lie in its slot, and their names begin
    /// with it; its scripts know them.
    pub(crate) fn fleet(&self) -> String {
        format!("{}:{{fleet}}:workers", self.namespace)
    }

    /// Channel: cancellations, for all workers.
    pub(crate) fn control(&self) -> String {
        format!("{}:control", self.namespace)
    }

    /// Channel: a subscriber's probe of itself.
    pub(crate) fn probe(&self, subscriber: &str) -> String {
        format!("{}:probe:{subscriber}", self.namespace)
    }
}
