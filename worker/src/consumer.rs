//! Taking deliveries, as many as there are free slots, while what they need is there.

use std::sync::Arc;

use longshore_shared::metrics::SLOTS;
use longshore_shared::queue::Delivery;
use longshore_shared::retry::Backoff;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, info, info_span, warn};

use crate::context::Context;
use crate::delivery;

/// Takes deliveries until `shutdown`. A worker that cannot reach the store takes none: others may be able to.
pub(crate) async fn run(context: &Arc<Context>, shutdown: CancellationToken) {
    SLOTS.set(context.settings.slots().into());
    let slots = Arc::new(Semaphore::new(context.settings.slots().into()));
    while !shutdown.is_cancelled() {
        shutdown
            .run_until_cancelled(take(context, &slots, &shutdown))
            .await;
        shutdown.run_until_cancelled(store_is_back(context)).await;
    }
}

/// Takes deliveries until the store is found to be away, one for every free slot.
///
/// The prefetch alone would not bound them: after a reconnect the broker counts anew, while earlier runs go on.
async fn take(context: &Arc<Context>, slots: &Arc<Semaphore>, shutdown: &CancellationToken) {
    let mut away = context.store_away.subscribe();
    let mut consumer = context.backends.queue.consume(context.settings.slots());
    loop {
        let next = async {
            // The semaphore is never closed.
            let slot = Arc::clone(slots).acquire_owned().await.ok()?;
            Some((slot, consumer.next().await))
        };
        tokio::select! {
            next = next => match next {
                Some((slot, delivery)) => handle(context, delivery, slot, shutdown),
                None => return,
            },
            _ = away.wait_for(|away| *away) => {
                warn!("the store does not answer; taking no jobs until it does");
                return;
            }
        }
    }
}

fn handle(
    context: &Arc<Context>,
    delivery: Delivery,
    slot: OwnedSemaphorePermit,
    shutdown: &CancellationToken,
) {
    let job = &delivery.job;
    let span = info_span!("execution", execution = %job.execution_id, session = %job.session_id, trace_id = %job.trace_id, otel.kind = "consumer");
    job.trace().leads_to(&span);
    let (context, shutdown) = (Arc::clone(context), shutdown.clone());
    let tasks = context.tasks.clone();
    let handled = async move {
        delivery::handle(&context, delivery, &shutdown).await;
        drop(slot);
    };
    tasks.spawn(handled.instrument(span));
}

async fn store_is_back(context: &Context) {
    let mut backoff = Backoff::default();
    while context.backends.store.check().await.is_err() {
        tokio::time::sleep(backoff.next_delay()).await;
    }
    if context.store_away.send_replace(false) {
        info!("the store answers; taking jobs again");
    }
}
