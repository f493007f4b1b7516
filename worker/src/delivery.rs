//! One delivery: claimed, and then run, parked or dropped.

use std::time::Duration;

use longshore_shared::execution::CancelReason;
use longshore_shared::job::Job;
use longshore_shared::queue::Delivery;
use longshore_shared::retry::Backoff;
use longshore_shared::store::{Cancelled, Claim, Claimant, Claimed};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, debug_span, info, warn};
use uuid::Uuid;

use crate::broken_off::{self, GivenUp};
use crate::context::Context;
use crate::execution::{self, Ran};
use crate::publisher::Lost;

/// For a claim. A store that does not answer for longer may answer other workers.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers a delivery only when the record says that nothing more is to be done for it.
pub(crate) async fn handle(context: &Context, delivery: Delivery, shutdown: &CancellationToken) {
    // Of runs of it here that were broken off.
    let (mut tool_used, mut had) = (false, 0);
    loop {
        let claiming =
            claim(context, &delivery.job, had, shutdown).instrument(debug_span!("claim"));
        let Some((asked, claim)) = claiming.await else {
            return delivery.requeue().await; // Others may have it.
        };
        match claim {
            Claim::Run(claimed) => {
                had = claimed.lease.attempt;
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
        let finished = execution::finish(context, &claimed.lease, ending.clone(), None, None);
        return match finished.await {
            Ok(next) => {
                context.tallies.ended(&ending, None);
                Next::Done(next)
            }
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

/// Asks the store until it answers, and tells when it was asked; `None` when the worker stops meanwhile, or when the store
/// has not answered for a while. But only here it is known what was done by an attempt that was had here.
async fn claim(
    context: &Context,
    job: &Job,
    had: u32,
    shutdown: &CancellationToken,
) -> Option<(Instant, Claim)> {
    let claimant = Claimant {
        worker: context.id.clone(),
        token: Uuid::new_v4(),
        lease: context.settings.lease,
        had,
    };
    let mut backoff = Backoff::default();
    let begun = Instant::now();
    loop {
        let asked = Instant::now();
        match context.backends.store.claim(job, &claimant).await {
            Ok(claim) => return Some((asked, claim)),
            Err(error) => warn!(%error, "cannot claim"),
        }
        if had == 0 && begun.elapsed() >= PATIENCE {
            context.store_away.send_replace(true);
            return None;
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
                if let Cancelled::AtOnce(next) = cancelled {
                    context.tallies.cancelled();
                    if let Some(next) = next {
                        context.publish_next(&next).await;
                    }
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
