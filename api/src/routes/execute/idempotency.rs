//! A request that may come again: whatever happens to it, its key stands for one execution.
//!
//! The key is reserved first, with the ids that the execution will have. Whoever finds a key that its holder has left
//! goes on with those ids, so that what the holder did is found again: recording and queueing the same execution twice
//! changes nothing.

use std::time::Duration;

use longshore_shared::error::{AcceptError, Unavailable};
use longshore_shared::execution::{Execution, Status};
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

/// How long beyond that a request waits for another with its key.
const BEYOND: Duration = Duration::from_secs(5);

/// The longest pause between two looks at a key in flight.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A submission under a key.
#[derive(Clone)]
pub(super) struct Once {
    key: IdempotencyKey,
    fingerprint: String,
    holder: Holder,
    submission: Submission,
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
        }
    }

    /// Submits it, unless the key stands for an execution already. Waits while another request holds the key.
    pub(super) async fn submit(mut self) -> Result<Accepted, ApiError> {
        let deadline = Instant::now() + self.holder.length + BEYOND;
        let mut pauses = Backoff::default();
        loop {
            let answer = match self.reserve().await? {
                Reservation::Mine => self.begin().await?,
                Reservation::TakenOver(ids) => {
                    self.submission.set_ids(ids);
                    self.take_over().await?
                }
                Reservation::InFlight => {
                    self.pause(pauses.next_delay(), deadline).await?;
                    None
                }
                Reservation::Done(ids) => Some(Accepted::again(ids)),
                Reservation::Conflict => return Err(conflict()),
            };
            if let Some(answer) = answer {
                return Ok(answer);
            }
            self.submission.renew_ids();
            self.holder.token = Uuid::new_v4();
        }
    }

    /// Submits what nobody has recorded. `None`: the key was taken over, so that it must be asked again.
    async fn begin(&self) -> Result<Option<Accepted>, ApiError> {
        let submitted = self.submission.begin().await;
        match submitted {
            Ok(()) => Ok(self.settle().await.then(|| self.accepted())),
            Err(Failure::Refused(error)) => {
                self.free().await;
                Err(error)
            }
            Err(Failure::Unanswered(error)) => {
                // The client need not wait: it is told to try again either way.
                let this = self.clone();
                tokio::spawn(async move { this.take_back().await }.in_current_span());
                Err(error)
            }
            Err(Failure::NotQueued(error)) => {
                let runs = self.take_back().await?;
                runs.then(|| Some(self.accepted())).ok_or(error)
            }
        }
    }

    /// Goes on where the holder before has stopped. `None`: that came to nothing, so that the key must be asked again.
    async fn take_over(&self) -> Result<Option<Accepted>, ApiError> {
        let ids = self.submission.job.key();
        match self.submission.state.backends.store.execution(ids).await? {
            None => self.begin().await,
            Some(record) if record.status == Status::Pending => self.go_on().await,
            Some(record) => Ok(self.close(&record).await.then(|| Accepted::again(ids))),
        }
    }

    /// Queues what is recorded. Where that fails it stays recorded: somebody may have been told that it is accepted.
    async fn go_on(&self) -> Result<Option<Accepted>, ApiError> {
        let Err(failure) = self.submission.record_and_queue().await else {
            let ids = self.submission.job.key();
            return Ok(self.settle().await.then(|| Accepted::again(ids)));
        };
        self.let_go().await;
        Err(match failure {
            Failure::Refused(error) | Failure::Unanswered(error) | Failure::NotQueued(error) => {
                error
            }
        })
    }

    /// Notes what became of an execution that nobody needs to submit; `false` where it came to nothing.
    async fn close(&self, record: &Execution) -> bool {
        if was_withdrawn(record) {
            self.free().await;
            return false;
        }
        self.settle().await
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
        let stopping = &self.submission.state.stopping;
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
