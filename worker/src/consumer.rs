//! Taking deliveries: each one is claimed, and then run, parked or dropped.

use std::sync::Arc;

use longshore_shared::execution::CancelReason;
use longshore_shared::job::Job;
use longshore_shared::metrics::SLOTS;
use longshore_shared::queue::Delivery;
use longshore_shared::retry::Backoff;
use longshore_shared::store::{Cancelled, Claim, Claimant, Claimed};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, debug_span, info, info_span, warn};
use uuid::Uuid;

use crate::broken_off::{self, GivenUp};
use crate::context::Context;
use crate::execution::{self, Lost, Ran};

/// Takes deliveries until `shutdown`, one for every free slot.
///
/// The prefetch alone would not bound them: after a reconnect the broker counts anew, while earlier runs go on.
pub(crate) async fn run(context: &Arc<Context>, shutdown: CancellationToken) {
    let slots = Arc::new(Semaphore::new(context.settings.slots().into()));
    let mut consumer = context.backends.queue.consume(context.settings.slots());
    let mut next = async || {
        // The semaphore is never closed.
        let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
        Some((slot, consumer.next().await))
    };
    SLOTS.set(context.settings.slots().into());
    while let Some(Some((slot, delivery))) = shutdown.run_until_cancelled(next()).await {
        let job = &delivery.job;
        let span = info_span!("execution", execution = %job.execution_id, session = %job.session_id, trace_id = %job.trace_id, otel.kind = "consumer");
        job.trace().leads_to(&span);
        let (context, shutdown) = (Arc::clone(context), shutdown.clone());
        let tasks = context.tasks.clone();
        let handled = async move {
            handle(&context, delivery, &shutdown).await;
            drop(slot);
        };
        tasks.spawn(handled.instrument(span));
    }
}

/// Answers a delivery only when the record says that nothing more is to be done for it.
async fn handle(context: &Context, delivery: Delivery, shutdown: &CancellationToken) {
    // By runs of it here that were broken off.
    let mut tool_used = false;
    loop {
        let claiming = claim(context, &delivery.job, shutdown).instrument(debug_span!("claim"));
        let Some((asked, claim)) = claiming.await else {
            return delivery.requeue().await; // Stopping before it was claimed: others may have it.
        };
        match claim {
            Claim::Run(claimed) => {
                match run_claimed(context, &delivery.job, &claimed, asked, tool_used).await {
                    Next::Done(next) => {
                        delivery.ack().await;
                        if let Some(next) = next {
                            context.publish_next(&next).await;
                        }
                        return;
                    }
                    Next::ClaimAgain { tool_used: used } if !shutdown.is_cancelled() => {
                        tool_used |= used
                    }
                    Next::ClaimAgain { .. } | Next::Unknown => return delivery.requeue().await,
                }
            }
            Claim::Ended | Claim::RunningElsewhere => {
                info!(?claim, "a delivery of something that needs no run");
                return delivery.ack().await;
            }
            Claim::SessionBusy => return park(context, delivery, shutdown).await,
            Claim::SessionClosed => return cancel(context, delivery, shutdown).await,
        }
    }
}

/// What is to be done with the delivery of an execution that was claimed.
enum Next {
    /// Nothing more; the session's next job, for the queue.
    Done(Option<Box<Job>>),
    /// The execution is not ours any more. The next claim knows whether it still has to run: its record may be gone with
    /// all of Redis.
    ClaimAgain { tool_used: bool },
    /// It goes back; nobody can tell now.
    Unknown,
}

async fn run_claimed(
    context: &Context,
    job: &Job,
    claimed: &Claimed,
    asked: Instant,
    tool_used: bool,
) -> Next {
    if let Some(ending) = broken_off::end_of_forgotten(job, claimed, tool_used) {
        return match execution::finish(context, &claimed.lease, &ending, None).await {
            Ok(next) => Next::Done(next),
            Err(Lost) => Next::ClaimAgain { tool_used },
        };
    }
    let tool_used = match Box::pin(execution::run(context, job, claimed, asked)).await {
        Ran::Ended(next) => return Next::Done(next),
        Ran::BrokenOff { tool_used } => tool_used,
    };
    match broken_off::give_up(context, &claimed.lease, tool_used).await {
        GivenUp::Settled => Next::Done(None),
        GivenUp::NotOurs => Next::ClaimAgain { tool_used },
        GivenUp::Unknown => Next::Unknown,
    }
}

/// Asks the store until it answers, and tells when it was asked; `None` when the worker stops meanwhile.
async fn claim(
    context: &Context,
    job: &Job,
    shutdown: &CancellationToken,
) -> Option<(Instant, Claim)> {
    let claimant = Claimant {
        worker: context.id.clone(),
        token: Uuid::new_v4(),
        lease: context.settings.lease,
    };
    let mut backoff = Backoff::default();
    loop {
        let asked = Instant::now();
        match context.backends.store.claim(job, &claimant).await {
            Ok(claim) => return Some((asked, claim)),
            Err(error) => warn!(%error, "cannot claim; will try again"),
        }
        shutdown
            .run_until_cancelled(tokio::time::sleep(backoff.next_delay()))
            .await?;
    }
}

/// Cancels a job whose session was closed: whoever closed it did not come to that. Tried here until it succeeds.
async fn cancel(context: &Context, delivery: Delivery, shutdown: &CancellationToken) {
    let key = delivery.job.key();
    let mut backoff = Backoff::default();
    loop {
        let reason = CancelReason::SessionClosed;
        match context.backends.store.cancel(key, reason).await {
            Ok(cancelled) => {
                info!("cancelled: its session is closed");
                delivery.ack().await;
                if let Cancelled::AtOnce(Some(next)) = cancelled {
                    context.publish_next(&next).await;
                }
                return;
            }
            Err(error) => warn!(%error, "cannot cancel; will try again"),
        }
        let pause = tokio::time::sleep(backoff.next_delay());
        if shutdown.run_until_cancelled(pause).await.is_none() {
            return delivery.requeue().await;
        }
    }
}

/// Puts a job aside whose session is busy. The end of its predecessor publishes it; the parked copy is for the case
/// that this is lost. Tried here until it succeeds, since the broker counts how often a delivery goes back.
async fn park(context: &Context, delivery: Delivery, shutdown: &CancellationToken) {
    let mut backoff = Backoff::default();
    while let Err(error) = context.backends.queue.park(&delivery.job).await {
        warn!(%error, "cannot park; will try again");
        let pause = tokio::time::sleep(backoff.next_delay());
        if shutdown.run_until_cancelled(pause).await.is_none() {
            return delivery.requeue().await;
        }
    }
    delivery.ack().await;
}
