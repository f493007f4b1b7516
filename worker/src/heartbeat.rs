//! Saying every few seconds how this worker stands, and what it has counted.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::error::Unavailable;
use longshore_shared::fleet::{Counter, HEARTBEAT, MOST_RUNNING, WorkerReport};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::context::Context;

/// What saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Says it until it is to end, and then goodbye. Nothing depends on it, so nothing is made of what fails.
pub(crate) async fn run(context: Arc<Context>, end: CancellationToken) {
    let mut counter = Counter::default();
    let beating = async {
        loop {
            if let Err(error) = beat(&context, &mut counter).await {
                debug!(%error, "cannot say how this worker stands");
            }
            tokio::time::sleep(HEARTBEAT).await;
        }
    };
    end.run_until_cancelled(beating).await;
    let leaving = tokio::time::timeout(GOODBYE, leave(&context, &mut counter));
    if !matches!(leaving.await, Ok(Ok(()))) {
        debug!("this worker stays listed for a while");
    }
}

async fn beat(context: &Context, counter: &mut Counter) -> Result<(), Unavailable> {
    let fleet = &*context.backends.fleet;
    fleet.report(&report(context)).await?;
    counter.tell(fleet, &context.tallies).await
}

async fn leave(context: &Context, counter: &mut Counter) -> Result<(), Unavailable> {
    let fleet = &*context.backends.fleet;
    fleet.leave(&context.id).await?;
    counter.tell(fleet, &context.tallies).await
}

fn report(context: &Context) -> WorkerReport {
    let mut running = context.running.executions();
    let slots_used = running.len();
    running.sort_unstable();
    running.truncate(MOST_RUNNING);
    WorkerReport {
        worker_id: context.id.clone(),
        host: context.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: context.started_at,
        slots: context.settings.slots(),
        slots_used,
        running,
        draining: context.tasks.is_closed(),
    }
}
