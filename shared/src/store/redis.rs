//! The record in Redis: a hash per execution and per session, changed by one Lua script per operation.

use std::time::Duration;

use async_trait::async_trait;
use redis::ScriptInvocation;
use tokio::sync::broadcast;

use super::{
    Cancelled, Claim, Claimant, Claimed, ExecutionStore, Lease, LostLease, Reaped, Retention,
    Verdict, Withdrawn,
};
use crate::error::{AcceptError, LeaseError, Unavailable};
use crate::event::frame::Template;
use crate::execution::{CancelReason, Ending, Execution};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::lifecycle::Move;
use crate::redis::{Redis, call, millis, on};
use crate::session::{Session, SessionMode};

mod outside;
mod record;

use outside::Outside;
use record::Answer;

/// A cheap handle.
#[derive(Clone)]
pub struct RedisStore {
    redis: Redis,
    outside: Outside,
    retention: Retention,
}

impl RedisStore {
    pub(crate) fn new(redis: Redis, retention: Retention) -> Self {
        let outside = Outside::new(redis.clone(), retention.execution);
        Self {
            redis,
            outside,
            retention,
        }
    }

    async fn invoke(&self, script: &ScriptInvocation<'_>) -> Result<Answer, Unavailable> {
        let mut hot = self.redis.hot();
        call(script.invoke_async(&mut hot)).await.map(Answer)
    }

    /// Adds the ten arguments that `ending()` of the prelude reads.
    fn add_ending(
        &self,
        script: &mut ScriptInvocation<'_>,
        execution: ExecutionId,
        ending: &Ending,
    ) {
        script
            .arg(Template::end(execution, ending).text)
            .arg(ending.result.as_deref().map_or("", |result| result.get()))
            .arg(ending.error.as_ref().map(record::json).unwrap_or_default())
            .arg(ending.bounded_cost())
            .arg(millis(self.retention.execution))
            .arg(millis(self.retention.session))
            .arg(&ending.usage.bounded().counts());
    }

    async fn try_claim(
        &self,
        job: &Job,
        claimant: &Claimant,
        create: bool,
    ) -> Result<Answer, Unavailable> {
        let mut claim = on(&self.redis.scripts().claim, self.redis.keys(), job.key());
        claim
            .arg(claimant.token.to_string())
            .arg(&claimant.worker)
            .arg(millis(claimant.lease))
            .arg(Template::running(job.execution_id).text)
            .arg(u8::from(create));
        record::add_new(&mut claim, job);
        self.invoke(&claim).await
    }

    /// Whether a job without a record was lost together with all of Redis, rather than ended and expired.
    async fn was_lost(&self, job: &Job) -> Result<bool, Unavailable> {
        if job.accepted_at.age() < self.retention.execution {
            return Ok(true);
        }
        let epoch = self.outside.epoch().await?;
        Ok(epoch.is_none_or(|epoch| job.accepted_at < epoch))
    }
}

#[async_trait]
impl ExecutionStore for RedisStore {
    async fn accept(&self, job: &Job, mode: SessionMode) -> Result<(), AcceptError> {
        let key = job.key();
        self.outside.announce(key).await?;
        let mut accept = on(&self.redis.scripts().accept, self.redis.keys(), key);
        accept.arg(match mode {
            SessionMode::Begin => "begin",
            SessionMode::Continue => "continue",
        });
        record::add_new(&mut accept, job);
        let refusal = match self.invoke(&accept).await?.verdict() {
            "accepted" => return Ok(()),
            "closed" => AcceptError::SessionClosed,
            _ => AcceptError::SessionNotFound,
        };
        self.outside.take_back(key).await?;
        Err(refusal)
    }

    async fn dispatched(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        self.outside.dispatched(key).await
    }

    async fn undispatched(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        self.outside.undispatched(age, limit).await
    }

    async fn claim(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let key = job.key();
        self.outside.register(key, claimant.lease).await?;
        let mut answer = self.try_claim(job, claimant, false).await?;
        if answer.verdict() == "unknown" && self.was_lost(job).await? {
            self.outside.point(key).await?;
            answer = self.try_claim(job, claimant, true).await?;
        }
        Ok(match answer.verdict() {
            "run" => Claim::Run(Claimed {
                lease: Lease {
                    key,
                    attempt: answer.number(1),
                    token: claimant.token,
                },
                messages: answer.number(2),
                turns: answer.number(3),
                transcript: answer.text(4).map(str::to_owned),
            }),
            "elsewhere" => Claim::RunningElsewhere,
            "busy" => Claim::SessionBusy,
            _ => Claim::Ended,
        })
    }

    async fn renew(
        &self,
        lease: &Lease,
        length: Duration,
    ) -> Result<Option<CancelReason>, LeaseError> {
        let mut renew = on(&self.redis.scripts().renew, self.redis.keys(), lease.key);
        renew.arg(lease.token.to_string()).arg(millis(length));
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

    async fn finish(
        &self,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Job>, LeaseError> {
        let mut finish = on(&self.redis.scripts().finish, self.redis.keys(), lease.key);
        finish
            .arg(lease.token.to_string())
            .arg(Move::from(ending.kind).as_str());
        self.add_ending(&mut finish, lease.key.execution, ending);
        finish.arg(transcript.unwrap_or(""));
        let answer = self.invoke(&finish).await?;
        if answer.verdict() != "done" {
            return Err(LeaseError::Lost);
        }
        self.outside.ended(lease.key).await?;
        Ok(answer.job(1).map(|job| *job))
    }

    async fn cancel(
        &self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<Cancelled, Unavailable> {
        let keys = self.redis.keys();
        let mut cancel = on(&self.redis.scripts().cancel, keys, key);
        cancel
            .arg(reason.as_str())
            .arg(keys.control())
            .arg(key.to_string());
        self.add_ending(&mut cancel, key.execution, &Ending::cancelled(reason));
        let answer = self.invoke(&cancel).await?;
        Ok(match answer.verdict() {
            "cancelled" => {
                self.outside.ended(key).await?;
                Cancelled::AtOnce(answer.job(1))
            }
            "asked" => Cancelled::Asked,
            "ended" => Cancelled::AlreadyEnded,
            _ => Cancelled::Unknown,
        })
    }

    async fn withdraw(&self, key: ExecutionKey, ending: &Ending) -> Result<Withdrawn, Unavailable> {
        let mut withdraw = on(&self.redis.scripts().withdraw, self.redis.keys(), key);
        withdraw.arg(Move::from(ending.kind).as_str());
        self.add_ending(&mut withdraw, key.execution, ending);
        let answer = self.invoke(&withdraw).await?;
        Ok(match answer.verdict() {
            "ended" => {
                self.outside.ended(key).await?;
                Withdrawn::Ended(answer.job(1))
            }
            "taken" => Withdrawn::Taken,
            _ => Withdrawn::NothingToDo,
        })
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
        let key = lost.lease.key;
        let mut reap = on(&self.redis.scripts().reap, self.redis.keys(), key);
        reap.arg(lost.lease.token.to_string()).arg(millis(grace));
        match verdict {
            Verdict::Requeue => {
                // First, so that one whose publish never happens is found again.
                self.outside.announce(key).await?;
                reap.arg(Move::Requeue.as_str())
                    .arg(Template::worker_lost(key.execution).text);
            }
            Verdict::End(ending) => {
                reap.arg(Move::from(ending.kind).as_str()).arg("");
                self.add_ending(&mut reap, key.execution, ending);
            }
        }
        let answer = self.invoke(&reap).await?;
        let reaped = match (answer.verdict(), answer.job(1)) {
            ("requeued", Some(job)) => Reaped::Requeued(job),
            ("ended", next) => Reaped::Ended(next),
            _ => return Ok(Reaped::NotLost),
        };
        if matches!(reaped, Reaped::Ended(_)) {
            self.outside.ended(key).await?;
        }
        Ok(reaped)
    }

    async fn locate(&self, execution: ExecutionId) -> Result<Option<ExecutionKey>, Unavailable> {
        self.outside.locate(execution).await
    }

    async fn execution(&self, key: ExecutionKey) -> Result<Option<Execution>, Unavailable> {
        let mut connection = self.redis.pooled().await?;
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
        let mut connection = self.redis.pooled().await?;
        let keys = self.redis.keys();
        let mut pipe = redis::pipe();
        pipe.cmd("HMGET")
            .arg(keys.session(session))
            .arg(record::SESSION_FIELDS);
        pipe.lindex(keys.order(session), 0);
        let (fields, active): (Vec<Option<String>>, Option<String>) =
            call(pipe.query_async(&mut connection)).await?;
        Ok(record::session(session, &fields, active.as_deref()))
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.redis.ping().await
    }
}
