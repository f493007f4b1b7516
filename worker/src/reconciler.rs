//! Queueing again what was recorded and never noted as queued: whoever accepted it or gave it back has died in between.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::error::Unavailable;
use tracing::{info, warn};

use crate::context::Context;

/// How often the list of what is not queued is looked through.
const PERIOD: Duration = Duration::from_secs(5);

/// How long its first publisher is given: a publish has its verdict after 5 s, and what is refused is withdrawn then.
const AGE: Duration = Duration::from_secs(10);

/// Jobs queued again in one round.
const ROUND: usize = 100;

/// Looks for them for ever. Any number of workers may do so at once: a job that is queued twice runs once.
pub(crate) async fn run(context: Arc<Context>) {
    let mut due = tokio::time::interval(PERIOD);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = round(&context).await {
            warn!(%error, "cannot look for what is not queued");
        }
    }
}

async fn round(context: &Context) -> Result<(), Unavailable> {
    for job in context.backends.store.undispatched(AGE, ROUND).await? {
        info!(execution = %job.execution_id, "recorded and not queued; queueing it again");
        // A broker that does not take this one takes none of the others either.
        if !context.publish_again(&job).await {
            break;
        }
    }
    Ok(())
}
