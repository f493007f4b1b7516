//! How an execution is entered into the sets that list it: `{execution}/{session}/{workspace}`.
//!
//! UUIDv7 texts sort by time, so these do too. The workspace stands in it so that whoever finds an entry whose record is
//! gone knows from which sets to remove it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::Pipeline;

use crate::id::{ExecutionId, ExecutionKey, InvalidId, WorkspaceId};
use crate::job::Job;
use crate::redis::Keys;
use crate::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: ExecutionKey,
    pub(crate) workspace: WorkspaceId,
}

impl Entry {
    /// Enters it. Everybody's set comes first, and when it is removed, last: so no workspace's set holds what that does
    /// not, and walking through that finds everything.
    pub(crate) fn enter(&self, pipe: &mut Pipeline, keys: &Keys) {
        pipe.zadd(keys.executions(), self.to_string(), 0).ignore();
        pipe.zadd(keys.executions_of(&self.workspace), self.to_string(), 0)
            .ignore();
    }

    pub(crate) fn remove(&self, pipe: &mut Pipeline, keys: &Keys) {
        pipe.zrem(keys.executions_of(&self.workspace), self.to_string());
        pipe.zrem(keys.executions(), self.to_string());
    }

    /// How long before it was made, by its own id.
    pub(crate) fn age(&self, now: Timestamp) -> Duration {
        let made = self.key.execution.0.get_timestamp();
        let (seconds, nanos) = made.map_or((0, 0), |made| made.to_unix());
        let millis =
            i64::try_from(seconds).unwrap_or_default() * 1000 + i64::from(nanos / 1_000_000);
        Duration::from_millis(u64::try_from(now.0.saturating_sub(millis)).unwrap_or_default())
    }
}

impl From<&Job> for Entry {
    fn from(job: &Job) -> Self {
        Self {
            key: job.key(),
            workspace: job.workspace_id.clone(),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExecutionKey { session, execution } = self.key;
        write!(f, "{execution}/{session}/{}", self.workspace)
    }
}

impl FromStr for Entry {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let execution: ExecutionId = part().parse()?;
        Ok(Self {
            key: ExecutionKey {
                session: part().parse()?,
                execution,
            },
            workspace: part().parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SessionId;

    #[test]
    fn an_entry_is_read_back_and_knows_its_age() {
        let entry = Entry {
            key: ExecutionKey {
                session: SessionId::generate(),
                execution: ExecutionId::generate(),
            },
            workspace: "team.web_2".parse().unwrap(),
        };
        assert_eq!(entry.to_string().parse(), Ok(entry.clone()));
        assert!(entry.age(Timestamp::now()) < Duration::from_secs(60));
        let key = entry.key.to_string();
        assert!(key.parse::<Entry>().is_err(), "that has no workspace");
    }
}
