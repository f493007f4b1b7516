//! A server's state on memory, with a queue that fails as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser as _;
use longshore_shared::backends::Backends;
use longshore_shared::error::{PublishError, Unavailable};
use longshore_shared::execution::Status;
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::idempotency::memory::MemoryIdempotency;
use longshore_shared::idempotency::{Holder, IdempotencyKey, IdempotencyKeys, Reservation};
use longshore_shared::job::{Job, OnWorkerLoss, RunRequest};
use longshore_shared::queue::{Consumer, JobQueue};
use longshore_shared::store::{Claimant, ExecutionStore, Retention};
use longshore_shared::trace::TraceContext;
use tokio::sync::Notify;
use uuid::Uuid;

use super::super::{Accepted, Once, Submission};
use crate::config::Cli;
use crate::error::ApiError;
use crate::routes::execute::request::ExecuteRequest;
use crate::state::ApiState;

/// Long enough for anything that happens at once.
pub(super) const LONG: Duration = Duration::from_secs(60);
/// Over before anybody asks twice.
pub(super) const SHORT: Duration = Duration::from_millis(20);

pub(super) struct World {
    pub(super) state: ApiState,
    pub(super) queue: Arc<ScriptedQueue>,
    pub(super) keys: Arc<ForgetfulKeys>,
}

/// Keys that can be lost, as Redis loses them.
pub(super) struct ForgetfulKeys {
    kept: Mutex<Arc<MemoryIdempotency>>,
}

/// What the queue does with one job.
pub(super) enum Publish {
    Fail,
    /// The message gets through, a worker takes it, and the answer is lost.
    TakeAndFail,
    /// Waits until it is told to go on.
    Wait(Arc<Notify>, Box<Publish>),
    Succeed,
}

pub(super) struct ScriptedQueue {
    store: Arc<dyn ExecutionStore>,
    next: Mutex<VecDeque<Publish>>,
    pub(super) published: Mutex<Vec<ExecutionId>>,
    pub(super) asked: Notify,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(&[])
    }

    pub(super) fn with(args: &[&str]) -> Self {
        let args = ["longshore-api"].iter().chain(args);
        let settings = Cli::try_parse_from(args).unwrap().api;
        let mut backends = Backends::memory(Retention::default());
        let queue = Arc::new(ScriptedQueue {
            store: Arc::clone(&backends.store),
            next: Mutex::default(),
            published: Mutex::default(),
            asked: Notify::new(),
        });
        backends.queue = queue.clone();
        let keys = Arc::new(ForgetfulKeys::new());
        backends.idempotency = keys.clone();
        let state = ApiState::new(backends, settings).unwrap();
        Self { state, queue, keys }
    }

    /// What happens to the next jobs; later ones are queued.
    pub(super) fn script(&self, steps: impl IntoIterator<Item = Publish>) {
        self.queue.next.lock().unwrap().extend(steps);
    }

    pub(super) fn submission(&self, session: Option<SessionId>) -> Submission {
        let request = ExecuteRequest {
            workspace_id: "demo".parse().unwrap(),
            session_id: session,
            run: run_request(),
        };
        Submission::new(self.state.clone(), request, TraceContext::generate())
    }

    pub(super) fn once(&self, hold: Duration) -> Once {
        Once::new(key(), "body".to_owned(), hold, self.submission(None))
    }

    pub(super) async fn submit(&self) -> Result<Accepted, ApiError> {
        self.once(LONG).submit().await
    }

    /// Reserves the key as a server does that dies then; `LONG` is the hold of one that lives.
    pub(super) async fn reserved(&self, hold: Duration) -> Submission {
        let submission = self.submission(None);
        let holder = Holder {
            token: Uuid::new_v4(),
            length: hold,
        };
        let keys = &self.state.backends.idempotency;
        let (key, ids) = (key(), submission.job.key());
        let reservation = keys.reserve(&key, "body", ids, holder);
        assert_eq!(reservation.await.unwrap(), Reservation::Mine);
        submission
    }

    pub(super) async fn record(&self, submission: &Submission) {
        let accepted = self
            .state
            .backends
            .store
            .accept(&submission.job, submission.mode);
        accepted.await.unwrap();
    }

    pub(super) async fn status(&self, ids: ExecutionKey) -> Status {
        let record = self.state.backends.store.execution(ids).await.unwrap();
        record.unwrap().status
    }

    pub(super) fn published(&self) -> Vec<ExecutionId> {
        self.queue.published.lock().unwrap().clone()
    }
}

pub(super) fn key() -> IdempotencyKey {
    IdempotencyKey::new("ann", "key")
}

fn run_request() -> RunRequest {
    RunRequest {
        prompt: "Hello".to_owned(),
        system_prompt: None,
        append_system_prompt: None,
        max_turns: None,
        tools: None,
        model: None,
        stream: false,
        timeout_seconds: None,
        max_budget_usd: None,
        on_worker_loss: OnWorkerLoss::Auto,
        metadata: None,
    }
}

pub(super) async fn take(store: &dyn ExecutionStore, job: &Job) {
    let claimant = Claimant {
        had: 0,
        worker: "worker".to_owned(),
        token: Uuid::new_v4(),
        lease: LONG,
    };
    store.claim(job, &claimant).await.unwrap();
}

impl ForgetfulKeys {
    fn new() -> Self {
        let kept = Mutex::new(Self::none());
        Self { kept }
    }

    fn none() -> Arc<MemoryIdempotency> {
        Arc::new(MemoryIdempotency::new(LONG))
    }

    pub(super) fn forget(&self) {
        *self.kept.lock().unwrap() = Self::none();
    }

    fn kept(&self) -> Arc<MemoryIdempotency> {
        self.kept.lock().unwrap().clone()
    }
}

#[async_trait]
impl IdempotencyKeys for ForgetfulKeys {
    async fn reserve(
        &self,
        key: &IdempotencyKey,
        fingerprint: &str,
        ids: ExecutionKey,
        holder: Holder,
    ) -> Result<Reservation, Unavailable> {
        self.kept().reserve(key, fingerprint, ids, holder).await
    }

    async fn hold(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        self.kept().hold(key, holder).await
    }

    async fn settle(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        self.kept().settle(key, holder).await
    }

    async fn free(&self, key: &IdempotencyKey, holder: Holder) -> Result<(), Unavailable> {
        self.kept().free(key, holder).await
    }
}

#[async_trait]
impl JobQueue for ScriptedQueue {
    async fn publish(&self, job: &Job) -> Result<(), PublishError> {
        let next = self.next.lock().unwrap().pop_front();
        let mut step = next.unwrap_or(Publish::Succeed);
        self.asked.notify_one();
        while let Publish::Wait(until, then) = step {
            until.notified().await;
            step = *then;
        }
        match step {
            Publish::Fail => return Err(unavailable()),
            Publish::TakeAndFail => {
                take(&*self.store, job).await;
                return Err(unavailable());
            }
            Publish::Wait(..) | Publish::Succeed => {}
        }
        self.published.lock().unwrap().push(job.execution_id);
        Ok(())
    }

    async fn park(&self, _job: &Job) -> Result<(), PublishError> {
        Err(unavailable())
    }

    async fn waiting(&self) -> Result<u64, Unavailable> {
        Ok(0)
    }

    fn consume(&self, _prefetch: u16) -> Box<dyn Consumer> {
        unreachable!("the API takes no jobs")
    }

    async fn check(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

fn unavailable() -> PublishError {
    Unavailable::rabbitmq("as told").into()
}
