//! Finding executions whose worker was lost, and giving each its verdict.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::error::Unavailable;
use longshore_shared::metrics::EXECUTIONS_REAPED;
use longshore_shared::store::{Reaped, Verdict};
use longshore_shared::worker_loss;
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
    loop {
        due.tick().await;
        if let Err(error) = round(&context).await {
            warn!(%error, "cannot look for lost executions");
        }
    }
}

async fn round(context: &Context) -> Result<(), Unavailable> {
    let store = &context.backends.store;
    for lost in store.lost(GRACE, ROUND).await? {
        let verdict = worker_loss::verdict(&lost);
        let reaped = store.reap(&lost, GRACE, &verdict).await?;
        if matches!(reaped, Reaped::NotLost) {
            continue;
        }
        info!(execution = %lost.lease.key.execution, attempt = lost.lease.attempt, ?verdict, "its worker was lost");
        EXECUTIONS_REAPED.count([("verdict", word(&verdict))]);
        match reaped {
            Reaped::Requeued(job) => {
                // One that is not taken is the reconciler's.
                context.publish_again(&job).await;
            }
            Reaped::Ended(Some(next)) => context.publish_next(&next).await,
            Reaped::Ended(None) | Reaped::NotLost => {}
        }
    }
    Ok(())
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Requeue => "requeue",
        Verdict::End(_) => "end",
    }
}
