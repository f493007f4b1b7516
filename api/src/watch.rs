//! Begins to watch an execution: what a WebSocket and an event stream have in common.

use std::time::Duration;

use bytes::Bytes;
use longshore_shared::event_log::{Follower, Top, follow};
use longshore_shared::id::{EventId, ExecutionId, ExecutionKey, WorkspaceId};

use crate::error::{ApiError, Code};
use crate::frames;
use crate::identity::{Caller, Scope};
use crate::state::ApiState;

/// How often a connection says that it is there.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(20);

/// How long a client may give no sign of life, or keep what it is sent waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client must take in a second, where one frame is large.
const SLOWEST: usize = 16 << 10;

/// How long a client may keep that many bytes waiting before it is too slow.
pub(crate) fn patience(bytes: usize) -> Duration {
    PATIENCE + Duration::from_secs((bytes / SLOWEST) as u64)
}

/// An execution that is watched.
pub(crate) struct Watch {
    pub(crate) key: ExecutionKey,
    pub(crate) workspace: WorkspaceId,
    /// The `subscribed` frame, which goes first.
    pub(crate) hello: Bytes,
    pub(crate) follower: Follower,
    after: Option<EventId>,
    /// The end of the log as it began.
    top: Top,
}

impl Watch {
    /// Watches from after `after`, or from the start.
    ///
    /// # Errors
    /// Where the caller may not watch it, or the server is about to stop.
    pub(crate) async fn begin(
        state: &ApiState,
        caller: &Caller,
        id: ExecutionId,
        after: Option<EventId>,
    ) -> Result<Self, ApiError> {
        caller.may(Scope::Read)?;
        let key = state.locate(id).await?;
        if state.stopping.stop.is_cancelled() {
            let message = "the server is stopping; connect again";
            return Err(ApiError::new(Code::ShuttingDown, message));
        }
        let log = &state.backends.log;
        // Subscribed before the record is read, so that `subscribed` promises no more than what will follow.
        let follower = follow(log.clone(), key, after).await?;
        let top = async { Ok(log.top(key).await?) };
        let (execution, top) = tokio::try_join!(state.execution(key, caller), top)?;
        let hello = frames::subscribed(key.execution, execution.status, top.last, after);
        Ok(Self {
            key,
            workspace: execution.workspace_id,
            hello,
            follower,
            after,
            top,
        })
    }

    /// Whether the client has seen all that there will ever be.
    pub(crate) fn is_at_end(&self) -> bool {
        self.top.ended && self.after.is_some() && self.after == self.top.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_frame_has_its_time() {
        assert_eq!(patience(1000), Duration::from_secs(60));
        assert_eq!(patience(16 << 20), Duration::from_secs(60 + 1024));
    }
}
