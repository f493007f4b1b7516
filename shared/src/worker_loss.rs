//! What becomes of an execution whose worker was lost, as one pure table.

use crate::execution::{Ending, ErrorCode, ExecutionError};
use crate::job::OnWorkerLoss;
use crate::store::{LostLease, Verdict};

/// How often one execution is tried before it is taken to be what kills its workers.
pub const MAX_ATTEMPTS: u32 = 3;

/// Decides by the client's wish, by what the attempt may have done, and by how many there were.
#[must_use]
pub fn verdict(lost: &LostLease) -> Verdict {
    if let Some(reason) = lost.cancelled {
        return Verdict::End(Ending::cancelled(reason));
    }
    let last = lost.tries >= MAX_ATTEMPTS;
    match (lost.on_worker_loss, lost.tool_used) {
        (OnWorkerLoss::Fail, _) => end(
            ErrorCode::WorkerLost,
            "the worker was lost; on_worker_loss is fail",
        ),
        (OnWorkerLoss::Auto, true) => end(
            ErrorCode::OutcomeUnknown,
            "the worker was lost after a tool was used; what it did is unknown, so it is not repeated",
        ),
        _ if last => end(ErrorCode::Poisoned, "its worker was lost on every attempt"),
        _ => Verdict::Requeue,
    }
}

fn end(code: ErrorCode, message: &str) -> Verdict {
    Verdict::End(Ending::failed(ExecutionError::new(code, message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::CancelReason;
    use crate::id::{ExecutionId, ExecutionKey, SessionId};
    use crate::store::Lease;
    use uuid::Uuid;

    fn lost(on_worker_loss: OnWorkerLoss, tool_used: bool, tries: u32) -> LostLease {
        let key = ExecutionKey {
            session: SessionId::generate(),
            execution: ExecutionId::generate(),
        };
        let lease = Lease {
            key,
            attempt: 1000,
            token: Uuid::nil(),
        };
        LostLease {
            lease,
            on_worker_loss,
            tool_used,
            cancelled: None,
            tries,
        }
    }

    fn code(lost: &LostLease) -> Option<ErrorCode> {
        match verdict(lost) {
            Verdict::Requeue => None,
            Verdict::End(ending) => ending.error.map(|error| error.code),
        }
    }

    #[test]
    fn the_table() {
        use ErrorCode::{OutcomeUnknown, Poisoned, WorkerLost};
        use OnWorkerLoss::{Auto, Fail, Retry};
        for (wish, tool_used, attempt, expected) in [
            (Auto, false, 1, None),
            (Auto, false, 2, None),
            (Auto, false, 3, Some(Poisoned)),
            (Auto, true, 1, Some(OutcomeUnknown)),
            (Auto, true, 3, Some(OutcomeUnknown)),
            (Retry, true, 2, None),
            (Retry, true, 3, Some(Poisoned)),
            (Fail, false, 1, Some(WorkerLost)),
        ] {
            assert_eq!(
                code(&lost(wish, tool_used, attempt)),
                expected,
                "{wish:?} {tool_used} {attempt}"
            );
        }
    }

    #[test]
    fn a_cancelled_one_is_cancelled() {
        let mut lost = lost(OnWorkerLoss::Retry, true, 3);
        lost.cancelled = Some(CancelReason::Requested);
        assert_eq!(code(&lost), Some(ErrorCode::Cancelled));
    }
}
