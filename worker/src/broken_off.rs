//! What becomes of an execution whose run was broken off: because its worker stops, or because its lease was lost.

use longshore_shared::error::LeaseError;
use longshore_shared::execution::Ending;
use longshore_shared::job::Job;
use longshore_shared::store::{Claimed, Lease, LostLease, Verdict};
use longshore_shared::worker_loss;
use tracing::{info, warn};

use crate::context::Context;
use crate::reaper;

/// Whose it is.
pub(crate) enum GivenUp {
    /// It was ours until now: it has its verdict, and the delivery is done.
    Settled,
    /// It was not ours any more: the next claim tells what it has come to.
    NotOurs,
    /// Nobody can tell now.
    Unknown,
}

/// Gives up the lease of a run that was broken off, as if its worker were lost; but at once, since it is known.
pub(crate) async fn give_up(context: &Context, lease: &Lease, tool_used: bool) -> GivenUp {
    let released = context.backends.store.release(lease).await;
    let mut lost = match released {
        Ok(lost) => lost,
        Err(LeaseError::Lost | LeaseError::Behind(_)) => return GivenUp::NotOurs,
        Err(LeaseError::Unavailable(error)) => {
            warn!(%error, "cannot give up the lease; it ends by itself");
            return GivenUp::Unknown;
        }
    };
    lost.tool_used |= tool_used;
    match reaper::settle(context, &lost).await {
        Ok(_) => GivenUp::Settled,
        Err(error) => {
            warn!(%error, "cannot hand back; a reaper will");
            GivenUp::Unknown
        }
    }
}

/// How an execution ends that is claimed anew because the store had lost its record while it ran here; `None`: it may
/// be run again. The record does not know what was done before.
pub(crate) fn end_of_forgotten(job: &Job, claimed: &Claimed, tool_used: bool) -> Option<Ending> {
    if !claimed.forgotten {
        return None;
    }
    let lost = LostLease {
        lease: claimed.lease.clone(),
        on_worker_loss: job.request.on_worker_loss,
        tool_used,
        cancelled: None,
        tries: 1,
    };
    match worker_loss::verdict(&lost) {
        Verdict::Requeue => None,
        Verdict::End(ending) => {
            info!("the store had lost its record; it is not run again");
            Some(ending)
        }
    }
}
