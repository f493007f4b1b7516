//! The record in Redis: a hash per execution and per session, changed by one Lua script per operation.

use std::time::Duration;

use async_trait::async_trait;
use redis::ScriptInvocation;
use tokio::sync::broadcast;

use super::{
    Cancelled, Claim, Claimant, Closed, ExecutionStore, Lease, LostLease, Reaped, Retention,
    Verdict, Withdrawn,
};
use crate::catalogue::redis::SessionIndex;
use crate::error::{AcceptError, LeaseError, Unavailable};
use crate::execution::{CancelReason, Ending, Execution};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::redis::{Redis, call, millis, on};
use crate::session::{Session, SessionMode};

mod beginning;
mod ending;
mod outside;
pub(crate) mod record;

pub(crate) use outside::Outside;
use record::Answer;

/// A cheap handle.
#[derive(Clone)]
pub struct RedisStore {
    redis: Redis,
    outside: Outside,
    index: SessionIndex,
    retention: Retention,
}

impl RedisStore {
    pub(crate) fn new(redis: Redis, retention: Retention) -> Self {
        Self {
            outside: Outside::new(redis.clone(), retention.execution),
            index: SessionIndex::new(redis.clone()),
            redis,
            retention,
        }
    }

    async fn invoke(&self, script: &ScriptInvocation<'_>) -> Result<Answer, Unavailable> {
        let mut hot = self.redis.hot();
        call(script.invoke_async(&mut hot)).await.map(Answer)
    }
}

#[async_trait]
impl ExecutionStore for RedisStore {
    async fn accept(&self, job: &Job, mode: SessionMode) -> Result<(), AcceptError> {
        self.begin(job, mode).await
    }

    async fn dispatched(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        self.outside.dispatched(key).await
    }

    async fn undispatched(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        self.outside.undispatched(age, limit).await
    }

    async fn overdue(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        self.outside.overdue(age, limit).await
    }

    async fn pending(&self) -> Result<u64, Unavailable> {
        self.outside.pending().await
    }

    async fn claim(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable> {
        self.start(job, claimant).await
    }

    async fn renew(
        &self,
        lease: &Lease,
        length: Duration,
    ) -> Result<Option<CancelReason>, LeaseError> {
        let mut renew = on(&self.redis.scripts().renew, self.redis.keys(), lease.key);
        renew
            .arg(lease.token.to_string())
            .arg(millis(length))
            .arg(CancelReason::SessionClosed.as_str());
        let (answer, registered) = tokio::join!(
            self.invoke(&renew),
            self.outside.register(lease.key, length)
        );
        let answer = answer?;
        registered?;
        match answer.verdict() {
            "held" => Ok(answer.text(1).and_then(|reason| reason.parse().ok())),
            _ => Err(LeaseError::Lost),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<LostLease, LeaseError> {
        self.give_up(lease).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Job>, LeaseError> {
        self.end_attempt(lease, ending, transcript).await
    }

    async fn cancel(
        &self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<Cancelled, Unavailable> {
        self.end_or_ask(key, reason).await
    }

    async fn withdraw(&self, key: ExecutionKey, ending: &Ending) -> Result<Withdrawn, Unavailable> {
        self.end_unpublished(key, ending).await
    }

    async fn close(&self, session: SessionId) -> Result<Closed, Unavailable> {
        self.close_session(session).await
    }

    fn cancellations(&self) -> broadcast::Receiver<ExecutionKey> {
        self.redis.hub().cancellations()
    }

    async fn lost(&self, grace: Duration, limit: usize) -> Result<Vec<LostLease>, Unavailable> {
        self.outside.lost(grace, limit).await
    }

    async fn reap(
        &self,
        lost: &LostLease,
        grace: Duration,
        verdict: &Verdict,
    ) -> Result<Reaped, Unavailable> {
        self.end_or_give_back(lost, grace, verdict).await
    }

    async fn locate(&self, execution: ExecutionId) -> Result<Option<ExecutionKey>, Unavailable> {
        self.outside.locate(execution).await
    }

    async fn execution(&self, key: ExecutionKey) -> Result<Option<Execution>, Unavailable> {
        let mut connection = self.redis.pages();
        let record = self.redis.keys().execution(key);
        let fields: Vec<Option<String>> = call(
            redis::cmd("HMGET")
                .arg(record)
                .arg(record::FIELDS)
                .query_async(&mut connection),
        )
        .await?;
        Ok(record::execution(key, &fields))
    }

    async fn session(&self, session: SessionId) -> Result<Option<Session>, Unavailable> {
        let mut connection = self.redis.pages();
        let mut pipe = redis::pipe();
        record::ask_session(&mut pipe, self.redis.keys(), session);
        let answers: [redis::Value; 2] = call(pipe.query_async(&mut connection)).await?;
        record::read_session(session, &answers)
    }

    async fn up_for(&self) -> Result<Duration, Unavailable> {
        self.redis.up_for().await
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.redis.ping().await
    }
}
