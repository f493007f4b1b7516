//! An execution on its way in: recorded, then queued; and taken back where it could not be queued.

use std::sync::Arc;

use longshore_shared::error::{AcceptError, PublishError, Unavailable};
use longshore_shared::execution::{Ending, ErrorCode, Execution, ExecutionError, Status};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::job::Job;
use longshore_shared::metrics::EXECUTIONS_ACCEPTED;
use longshore_shared::retry::Backoff;
use longshore_shared::session::SessionMode;
use longshore_shared::store::Withdrawn;
use longshore_shared::timestamp::Timestamp;
use longshore_shared::trace::TraceContext;
use tokio::time::sleep;
use tracing::{Instrument as _, debug_span, info, warn};

use super::accepted::Accepted;
use super::request::ExecuteRequest;
use crate::error::ApiError;
use crate::routes::executions::publish_next;
use crate::state::ApiState;

/// A checked request with the ids it will have.
#[derive(Clone)]
pub(super) struct Submission {
    pub(super) state: ApiState,
    pub(super) job: Job,
    pub(super) mode: SessionMode,
}

/// Why an execution was not submitted, by what is left of it.
pub(super) enum Failure {
    /// Nothing.
    Refused(ApiError),
    /// Its record, perhaps: the store did not say.
    Unanswered(ApiError),
    /// Its record, and perhaps its message.
    NotQueued(ApiError),
}

impl Submission {
    pub(super) fn new(state: ApiState, request: ExecuteRequest, place: TraceContext) -> Self {
        let mode = if request.session_id.is_some() {
            SessionMode::Continue
        } else {
            SessionMode::Begin
        };
        let job = Job {
            execution_id: ExecutionId::generate(),
            session_id: request.session_id.unwrap_or_else(SessionId::generate),
            workspace_id: request.workspace_id,
            accepted_at: Timestamp::now(),
            trace_id: place.trace_id(),
            traceparent: Some(place.to_string()),
            request: request.run,
        };
        Self { state, job, mode }
    }

    /// Gives it ids that nothing else has had.
    pub(super) fn renew_ids(&mut self) {
        self.job.execution_id = ExecutionId::generate();
        if self.mode == SessionMode::Begin {
            self.job.session_id = SessionId::generate();
        }
    }

    pub(super) fn set_ids(&mut self, ids: ExecutionKey) {
        self.job.execution_id = ids.execution;
        self.job.session_id = ids.session;
    }

    /// Afterwards the execution is recorded and queued, or neither.
    pub(super) async fn submit(self) -> Result<Accepted, ApiError> {
        match self.begin().await {
            Ok(()) => {}
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Unanswered(error)) => {
                self.withdraw_later();
                return Err(error);
            }
            Err(Failure::NotQueued(error)) => match self.withdraw().await {
                // Its message got through, and a worker took it: that is an accepted execution.
                Ok(Withdrawn::Taken) => {}
                Ok(Withdrawn::Ended(_) | Withdrawn::NothingToDo) => return Err(error),
                Err(unanswered) => {
                    self.withdraw_later();
                    return Err(unanswered.into());
                }
            },
        }
        Ok(Accepted::new(self.job.key()))
    }

    /// Submits an execution of which there is nothing yet, where the queue has room for it.
    async fn begin(&self) -> Result<(), Failure> {
        self.check_room().await.map_err(Failure::Refused)?;
        self.record_and_queue().await
    }

    /// Submits it; what is recorded or queued already is not twice afterwards.
    pub(super) async fn record_and_queue(&self) -> Result<(), Failure> {
        let (backends, job) = (&self.state.backends, &self.job);
        let accepting = backends.store.accept(job, self.mode);
        if let Err(refused) = accepting.instrument(debug_span!("accept")).await {
            return Err(match refused {
                AcceptError::Unavailable(_) => Failure::Unanswered(refused.into()),
                refused => Failure::Refused(refused.into()),
            });
        }
        let publishing = backends.queue.publish(job);
        if let Err(failed) = publishing.instrument(debug_span!("publish")).await {
            return Err(Failure::NotQueued(failed.into()));
        }
        if let Err(error) = backends.store.dispatched(job.key()).await {
            // It is queued; at worst it is queued once more, and the second delivery finds it taken.
            warn!(execution = %job.execution_id, %error, "could not note that the job is queued");
        }
        info!(execution = %job.execution_id, session = %job.session_id, workspace = %job.workspace_id, "accepted");
        self.count();
        Ok(())
    }

    fn count(&self) {
        EXECUTIONS_ACCEPTED.add(1);
        self.state.tallies.accepted();
    }

    /// Many who ask at once may all see the last place: the limit keeps a queue from growing, not from being exact.
    pub(super) async fn check_room(&self) -> Result<(), ApiError> {
        let pending = self.state.backends.store.pending().await?;
        if pending < self.state.settings.max_queue {
            Ok(())
        } else {
            Err(PublishError::Full.into())
        }
    }

    /// Withdraws what may be recorded all the same and would keep its session waiting. The client need not wait for
    /// that: it is told to try again either way.
    fn withdraw_later(self) {
        let tasks = self.state.tasks.clone();
        let this = Arc::new(self);
        let withdrawing = async move {
            let withdraw = || {
                let this = Arc::clone(&this);
                async move { this.withdraw().await }
            };
            if let Err(error) = until_answered(TRIES, withdraw).await {
                let execution = this.job.execution_id;
                warn!(%execution, %error, "could not withdraw an execution that its client was refused");
            }
        };
        tasks.spawn(withdrawing.in_current_span());
    }

    /// Ends what could not be queued, so that a copy which got through after all is dropped.
    pub(super) async fn withdraw(&self) -> Result<Withdrawn, Unavailable> {
        let error = ExecutionError::new(NOT_QUEUED, "the execution could not be queued");
        let ending = Ending::failed(error);
        let store = &self.state.backends.store;
        let mut withdrawn = store.withdraw(self.job.key(), &ending).await?;
        match &mut withdrawn {
            Withdrawn::Ended(next) => publish_next(&self.state, next.take()).await,
            Withdrawn::Taken => self.count(),
            Withdrawn::NothingToDo => {}
        }
        Ok(withdrawn)
    }
}

/// Nothing else ends with it before a first attempt.
const NOT_QUEUED: ErrorCode = ErrorCode::InternalError;

/// How often an unanswered withdrawal is tried: for about half a minute beside what the answers take.
const TRIES: u32 = 12;

/// Asks until there is an answer, with growing pauses, so many times at most.
async fn until_answered<T, F>(tries: u32, mut ask: impl FnMut() -> F) -> Result<T, Unavailable>
where
    F: Future<Output = Result<T, Unavailable>>,
{
    let mut pauses = Backoff::default();
    for _ in 1..tries {
        if let Ok(answer) = ask().await {
            return Ok(answer);
        }
        sleep(pauses.next_delay()).await;
    }
    ask().await
}

/// Whether an execution ended by [`Submission::withdraw`].
pub(super) fn was_withdrawn(execution: &Execution) -> bool {
    let code = execution.error.as_ref().map(|error| error.code);
    execution.status == Status::Failed && execution.attempt.is_none() && code == Some(NOT_QUEUED)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn what_is_not_answered_is_asked_again_within_a_bound() {
        for (tries, asked_at_most) in [(5, 3), (2, 2)] {
            let mut asked = 0;
            let answer = until_answered(tries, || {
                asked += 1;
                let answer = if asked < 3 {
                    Err(Unavailable::redis("as told"))
                } else {
                    Ok(())
                };
                ready(answer)
            });
            assert_eq!(answer.await.is_ok(), tries > 2);
            assert_eq!(asked, asked_at_most);
        }
    }
}
