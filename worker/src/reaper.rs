//! Finding executions whose worker was lost, and giving each its verdict.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::error::Unavailable;
use longshore_shared::metrics::EXECUTIONS_REAPED;
use longshore_shared::store::{LostLease, Reaped, Verdict};
use longshore_shared::worker_loss;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{info, warn};

use crate::context::Context;

/// How often the leases are looked through.
const PERIOD: Duration = Duration::from_secs(2);

/// How long after its end a lease is taken to be lost: its holder may be slow to renew, and must be slower to lose.
const GRACE: Duration = Duration::from_secs(5);

/// Executions looked at in one round.
const ROUND: usize = 100;

/// Looks for lost executions for ever. Any number of workers may do so at once.
pub(crate) async fn run(context: Arc<Context>) {
    let mut due = tokio::time::interval(PERIOD);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut outage = Outage::default();
    loop {
        due.tick().await;
        let looked = round(&context, &mut outage).await;
        outage.note(&looked);
        if let Err(error) = looked {
            warn!(%error, "cannot look for lost executions");
        }
    }
}

/// What this worker has seen of the store being away. Holders of leases were away from it too, have frozen what they
/// run, and come back within a lease's length: nobody is taken to be lost before.
#[derive(Default)]
pub(crate) struct Outage {
    now: bool,
    over_since: Option<Instant>,
}

impl Outage {
    pub(crate) fn note<T>(&mut self, answer: &Result<T, Unavailable>) {
        if std::mem::replace(&mut self.now, answer.is_err()) && answer.is_ok() {
            self.over_since = Some(Instant::now());
        }
    }

    fn is_recent(&self, length: Duration) -> bool {
        self.now
            || self
                .over_since
                .is_some_and(|since| since.elapsed() < length)
    }
}

async fn round(context: &Context, outage: &mut Outage) -> Result<(), Unavailable> {
    let store = &context.backends.store;
    if is_quiet(context, outage).await? {
        return Ok(());
    }
    for lost in store.lost(GRACE, ROUND).await? {
        settle(context, &lost).await?;
    }
    Ok(())
}

/// Whether the store is back for so short a time that those who run something may not have come back to it, or may not have
/// found out what it has forgotten.
pub(crate) async fn is_quiet(context: &Context, outage: &mut Outage) -> Result<bool, Unavailable> {
    let up_for = context.backends.store.up_for().await?;
    outage.note(&Ok(()));
    let quiet = context.settings.lease + GRACE;
    Ok(up_for < quiet || outage.is_recent(quiet))
}

/// Gives a lost execution its verdict, unless it is not lost any more.
pub(crate) async fn settle(context: &Context, lost: &LostLease) -> Result<(), Unavailable> {
    let verdict = worker_loss::verdict(lost);
    let reaped = context.backends.store.reap(lost, GRACE, &verdict).await?;
    if matches!(reaped, Reaped::NotLost) {
        return Ok(());
    }
    info!(execution = %lost.lease.key.execution, attempt = lost.lease.attempt, ?verdict, "its worker was lost");
    EXECUTIONS_REAPED.count([("verdict", word(&verdict))]);
    match reaped {
        Reaped::Requeued(job) => {
            // One that is not taken is the reconciler's.
            context.publish_again(&job).await;
        }
        Reaped::Ended(next) => {
            if let Verdict::End(ending) = &verdict {
                context.tallies.ended(ending, None);
            }
            if let Some(next) = next {
                context.publish_next(&next).await;
            }
        }
        Reaped::NotLost => {}
    }
    Ok(())
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Requeue => "requeue",
        Verdict::End(_) => "end",
    }
}
