//! Queueing again what is recorded and not queued: whoever accepted it or gave it back has died before it was queued, or the
//! broker has lost it since.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::error::Unavailable;
use longshore_shared::job::Job;
use longshore_shared::queue::PARKED_FOR;
use tokio::time::{Instant, interval};
use tracing::{info, warn};

use crate::context::Context;
use crate::reaper::{Outage, is_quiet};

/// How often the list of what is not queued is looked through.
const PERIOD: Duration = Duration::from_secs(5);

/// How long its first publisher is given: a publish has its verdict after 5 s, and what is refused is withdrawn then.
const AGE: Duration = Duration::from_secs(10);

/// How often a queue that has nothing to give is compared with what waits, and how long something has waited then: longer
/// than a job is parked, and than the broker takes to notice that a consumer is gone which holds it.
const OVERDUE_PERIOD: Duration = Duration::from_secs(15);
const OVERDUE: Duration = PARKED_FOR.saturating_add(Duration::from_secs(10));

/// Jobs queued again in one round.
const ROUND: usize = 100;

/// Looks for them for ever. Any number of workers may do so at once: a job that is queued twice runs once.
pub(crate) async fn run(context: Arc<Context>) {
    let mut due = interval(PERIOD);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut compared = Instant::now();
    let mut outage = Outage::default();
    loop {
        due.tick().await;
        let looked = round(&context, &mut outage, &mut compared).await;
        outage.note(&looked);
        if let Err(error) = looked {
            warn!(%error, "cannot look for what is not queued");
        }
    }
}

/// What a store that is just back takes for waiting may run somewhere, and be found out by its worker's next renewal.
async fn round(
    context: &Context,
    outage: &mut Outage,
    compared: &mut Instant,
) -> Result<(), Unavailable> {
    if is_quiet(context, outage).await? {
        return Ok(());
    }
    never_queued(context).await?;
    if compared.elapsed() >= OVERDUE_PERIOD {
        not_queued_any_more(context).await?;
        *compared = Instant::now();
    }
    Ok(())
}

async fn never_queued(context: &Context) -> Result<(), Unavailable> {
    let jobs = context.backends.store.undispatched(AGE, ROUND).await?;
    queue_again(context, &jobs, "recorded and not queued; queueing it again").await;
    Ok(())
}

/// While the queue has jobs to give, those that wait may be among them.
async fn not_queued_any_more(context: &Context) -> Result<(), Unavailable> {
    if context.backends.queue.waiting().await? > 0 {
        return Ok(());
    }
    let jobs = context.backends.store.overdue(OVERDUE, ROUND).await?;
    queue_again(
        context,
        &jobs,
        "waits, and the queue is empty; queueing it again",
    )
    .await;
    Ok(())
}

async fn queue_again(context: &Context, jobs: &[Job], why: &str) {
    for job in jobs {
        info!(execution = %job.execution_id, "{why}");
        // A broker that does not take this one takes none of the others either.
        if !context.publish_again(job).await {
            return;
        }
    }
}
