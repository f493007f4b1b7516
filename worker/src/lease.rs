//! Keeping a lease: renewed three times in its length, and looked at when somebody cancels. While it cannot be renewed
//! the run is frozen, so that two workers never work in one workspace at once.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::{LeaseError, Unavailable};
use longshore_shared::metrics::LEASE_FREEZES;
use longshore_shared::store::Lease;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{info, warn};

use crate::claude::Stop;
use crate::running::Handle;

/// Renews until the future is dropped; stops the run when it is cancelled or belongs to somebody else, and freezes it
/// while nobody can tell. The lease was asked for at `claimed`, and so began no earlier.
pub(crate) async fn keep(
    backends: &Backends,
    lease: &Lease,
    length: Duration,
    claimed: Instant,
    handle: &Handle,
) {
    let mut due = interval(length / 3);
    // After a pause of this process one renewal tells all; making up for missed ones would tell nothing.
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due.tick().await; // The first one is due at once, and the claim was just now.
    // Before the lease can end, and nobody takes it over sooner than some seconds after its end.
    let safe = length * 4 / 5;
    let mut frozen_at = claimed + safe;
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = handle.look.notified() => {}
            () = sleep_until(frozen_at), if !*handle.frozen.borrow() => {
                warn!("the lease could not be renewed; freezing the run until it is known whose it is");
                handle.frozen.send_replace(true);
                LEASE_FREEZES.add(1);
                continue;
            }
        }
        let asked = Instant::now();
        let frozen = *handle.frozen.borrow();
        let patience = if frozen {
            length / 3
        } else {
            (length / 3).min(frozen_at.saturating_duration_since(asked))
        };
        match timeout(patience, backends.store.renew(lease, length))
            .await
            .unwrap_or_else(|_| Err(too_late()))
        {
            Ok(wish) => {
                frozen_at = asked + safe;
                if handle.frozen.send_replace(false) {
                    info!("the lease is still ours; the run goes on");
                }
                if let Some(reason) = wish {
                    handle.stop(Stop::Cancel(reason));
                }
            }
            // No renewal is behind.
            Err(LeaseError::Lost | LeaseError::Behind(_)) => {
                info!(attempt = lease.attempt, "the lease is lost");
                handle.stop(Stop::LeaseLost);
                return;
            }
            Err(LeaseError::Unavailable(error)) => warn!(%error, "cannot renew; will try again"),
        }
    }
}

fn too_late() -> LeaseError {
    LeaseError::Unavailable(Unavailable::redis("no answer in time"))
}
