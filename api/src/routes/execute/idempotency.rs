//! A request that may come again: whatever happens to it, its key stands for one execution.
//!
//! The key is reserved first, with the ids that the execution will have. Whoever finds a key that its holder has left
//! goes on with those ids, so that what the holder did is found again: recording and queueing the same execution twice
//! changes nothing.

use std::time::Duration;

use longshore_shared::error::{AcceptError, Unavailable};
use longshore_shared::execution::Status;
use longshore_shared::idempotency::{Holder, IdempotencyKey, IdempotencyKeys, Reservation};
use longshore_shared::retry::Backoff;
use longshore_shared::store::Withdrawn;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, warn};
use uuid::Uuid;

use super::accepted::Accepted;
use super::submission::{Failure, Submission, was_withdrawn};
use crate::error::{ApiError, Code};

#[cfg(test)]
mod tests;

/// How long a key is held without a sign of its holder: longer than recording and queueing may take together.
pub(super) const HOLD: Duration = Duration::from_secs(30);

/// How long a request waits for another with its key: clients give up after 30 seconds, and should be told before.
const PATIENCE: Duration = Duration::from_secs(25);

/// The longest pause between two looks at a key in flight.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A submission under a key.
#[derive(Clone)]
pub(super) struct Once {
    key: IdempotencyKey,
    fingerprint: String,
    holder: Holder,
    submission: Submission,
    /// Whether the execution of these ids is known to be recorded or queued: it is never given others.
    is_under_way: bool,
}

/// What a look at the key came to.
enum Step {
    Answered(Accepted),
    /// The key is no longer this holder's, but something may be recorded or queued under these ids: they stay.
    AskAgain,
    /// What there was under these ids was withdrawn and never runs.
    BeginAnew,
}

impl Once {
    pub(super) fn new(
        key: IdempotencyKey,
        fingerprint: String,
        hold: Duration,
        submission: Submission,
    ) -> Self {
        let holder = Holder {
            token: Uuid::new_v4(),
            length: hold,
        };
        Self {
            key,
            fingerprint,
            holder,
            submission,
            is_under_way: false,
        }
    }

    /// Submits it, unless the key stands for an execution already. Waits while another request holds the key.
    pub(super) async fn submit(mut self) -> Result<Accepted, ApiError> {
        let deadline = Instant::now() + PATIENCE;
        let mut pauses = Backoff::default();
        loop {
            let step = match self.reserve().await? {
                Reservation::Mine if self.is_under_way => self.take_over().await?,
                Reservation::Mine => self.begin().await?,
                Reservation::TakenOver(ids) => {
                    self.is_under_way &= ids == self.submission.job.key();
                    self.submission.set_ids(ids);
                    self.take_over().await?
                }
                Reservation::InFlight => {
                    self.pause(pauses.next_delay(), deadline).await?;
                    continue;
                }
                Reservation::Done(ids) => return Ok(Accepted::again(ids)),
                Reservation::Conflict => return Err(conflict()),
            };
            match step {
                Step::Answered(accepted) => return Ok(accepted),
                Step::AskAgain => self.is_under_way = true,
                Step::BeginAnew => {
                    self.submission.renew_ids();
                    self.is_under_way = false;
                }
            }
            self.holder.token = Uuid::new_v4();
        }
    }

    /// Submits what nobody has recorded, where the queue has room for it.
    async fn begin(&self) -> Result<Step, ApiError> {
        if let Err(full) = self.submission.check_room().await {
            self.free().await;
            return Err(full);
        }
        self.record_and_queue().await
    }

    async fn record_and_queue(&self) -> Result<Step, ApiError> {
        match self.submission.record_and_queue().await {
            Ok(()) => Ok(self.settled(self.accepted()).await),
            Err(Failure::Refused(error)) => {
                self.free().await;
                Err(error)
            }
            Err(Failure::Unanswered(error)) => {
                // The client need not wait: it is told to try again either way.
                let this = self.clone();
                let tasks = &self.submission.state.tasks;
                tasks.spawn(async move { this.take_back().await }.in_current_span());
                Err(error)
            }
            Err(Failure::NotQueued(error)) => {
                let runs = self.take_back().await?;
                runs.then(|| Step::Answered(self.accepted())).ok_or(error)
            }
        }
    }

    /// Goes on where the holder before has stopped, or this one when it lost the key.
    async fn take_over(&self) -> Result<Step, ApiError> {
        let ids = self.submission.job.key();
        match self.submission.state.backends.store.execution(ids).await? {
            None if !self.is_under_way => self.begin_for_another().await,
            None => self.go_on().await,
            Some(record) if record.status == Status::Pending => self.go_on().await,
            Some(record) if was_withdrawn(&record) => {
                self.free().await;
                Ok(Step::BeginAnew)
            }
            Some(_) => Ok(self.settled(Accepted::again(ids)).await),
        }
    }

    /// Submits what is not recorded. Where the queue is full the key stays: the holder before may go on all the same,
    /// and a free key would then stand for a second execution.
    async fn begin_for_another(&self) -> Result<Step, ApiError> {
        if let Err(full) = self.submission.check_room().await {
            self.let_go().await;
            return Err(full);
        }
        self.record_and_queue().await
    }

    /// Records and queues what may be so already. Where that fails it stays as it is: somebody may have been told that it is accepted.
    async fn go_on(&self) -> Result<Step, ApiError> {
        let Err(failure) = self.submission.record_and_queue().await else {
            let replayed = !self.is_under_way;
            let ids = self.submission.job.key();
            return Ok(self.settled(Accepted { ids, replayed }).await);
        };
        self.let_go().await;
        Err(match failure {
            Failure::Refused(error) | Failure::Unanswered(error) | Failure::NotQueued(error) => {
                error
            }
        })
    }

    /// The answer, once the key is settled; a key that was lost must be asked again.
    async fn settled(&self, answer: Accepted) -> Step {
        if self.settle().await {
            Step::Answered(answer)
        } else {
            Step::AskAgain
        }
    }

    /// Ends what was not queued, and frees the key; tells whether it runs all the same.
    ///
    /// # Errors
    /// When nobody knows: the key stays reserved, and the next to ask after the hold finds what there is.
    async fn take_back(&self) -> Result<bool, ApiError> {
        if !self.keys().hold(&self.key, self.holder).await? {
            return Err(taken_over());
        }
        if !self.is_recorded().await? {
            self.free().await;
            return Ok(false);
        }
        // Recording may have taken longer than the hold, and who took the key over may have answered.
        if !self.keys().hold(&self.key, self.holder).await? {
            return Err(taken_over());
        }
        let runs = matches!(self.submission.withdraw().await?, Withdrawn::Taken);
        if runs {
            self.settle().await;
        } else {
            self.free().await;
        }
        Ok(runs)
    }

    /// Records it for sure, where it may be: a first attempt at that which is late then finds it ended, and does not
    /// begin what nobody knows of.
    async fn is_recorded(&self) -> Result<bool, Unavailable> {
        let Submission { state, job, mode } = &self.submission;
        match state.backends.store.accept(job, *mode).await {
            Ok(()) => Ok(true),
            Err(AcceptError::SessionNotFound | AcceptError::SessionClosed) => Ok(false),
            Err(AcceptError::Unavailable(error)) => Err(error),
        }
    }

    async fn pause(&self, length: Duration, deadline: Instant) -> Result<(), ApiError> {
        if Instant::now() >= deadline {
            return Err(still_in_flight());
        }
        let stopping = &self.submission.state.stopping.stop;
        let pause = stopping.run_until_cancelled(sleep(length.min(LONGEST_PAUSE)));
        pause.await.ok_or_else(shutting_down)
    }

    async fn reserve(&self) -> Result<Reservation, Unavailable> {
        let ids = self.submission.job.key();
        self.keys()
            .reserve(&self.key, &self.fingerprint, ids, self.holder)
            .await
    }

    /// Whether the key stands for this execution from now on, as far as anybody knows: when the store does not answer,
    /// the next to ask after the hold finds it recorded.
    async fn settle(&self) -> bool {
        let settled = self.keys().settle(&self.key, self.holder).await;
        settled.unwrap_or_else(|error| {
            warn!(%error, "could not note that the key's execution is accepted");
            true
        })
    }

    /// When the store does not answer, the next to ask after the hold finds that there is nothing.
    async fn free(&self) {
        if let Err(error) = self.keys().free(&self.key, self.holder).await {
            warn!(%error, "could not free the key of an execution that was refused");
        }
    }

    /// Lets the next to ask take the key over at once.
    async fn let_go(&self) {
        let holder = Holder {
            length: Duration::ZERO,
            ..self.holder
        };
        if let Err(error) = self.keys().hold(&self.key, holder).await {
            warn!(%error, "could not let go of a key");
        }
    }

    fn accepted(&self) -> Accepted {
        Accepted::new(self.submission.job.key())
    }

    fn keys(&self) -> &dyn IdempotencyKeys {
        &*self.submission.state.backends.idempotency
    }
}

fn conflict() -> ApiError {
    let message = "this Idempotency-Key was given with another body; a new request needs a new key";
    ApiError::new(Code::IdempotencyConflict, message)
}

fn still_in_flight() -> ApiError {
    let message =
        "another request with this Idempotency-Key has not been answered yet; try again later";
    ApiError::new(Code::StoreUnavailable, message)
}

fn taken_over() -> ApiError {
    let message = "another request with this Idempotency-Key goes on with it; try again later";
    ApiError::new(Code::StoreUnavailable, message)
}

fn shutting_down() -> ApiError {
    ApiError::new(
        Code::ShuttingDown,
        "the server is stopping; try again later",
    )
}
