//! How an execution ends, or is given back; how a session is closed.

use std::time::Duration;

use redis::ScriptInvocation;

use super::RedisStore;
use super::record::{self, Answer};
use crate::error::{LeaseError, Unavailable};
use crate::event::frame::Template;
use crate::execution::{CancelReason, Ending};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::lifecycle::Move;
use crate::redis::{millis, on, on_session};
use crate::store::{Cancelled, Closed, Lease, LostLease, Reaped, Verdict, Withdrawn};

impl RedisStore {
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

    /// Notes outside of the session that an execution has ended: after it the answer says how the session stands.
    async fn ended(&self, key: ExecutionKey, answer: &Answer) -> Result<(), Unavailable> {
        let (noted, ()) = tokio::join!(
            self.outside.ended(key),
            self.index.touch(key.session, answer.standing(2))
        );
        noted
    }

    pub(super) async fn give_up(&self, lease: &Lease) -> Result<LostLease, LeaseError> {
        // First, so that it is found where its holder does not come to more than this.
        self.outside.register(lease.key, Duration::ZERO).await?;
        let mut release = on(&self.redis.scripts().release, self.redis.keys(), lease.key);
        release
            .arg(lease.token.to_string())
            .arg(record::LEASE_FIELDS);
        let answer = self.invoke(&release).await?;
        let fields = record::LEASE_FIELDS.iter().enumerate();
        let mut values = fields.map(|(i, _)| answer.text(i + 1).map(str::to_owned));
        record::lost_lease(lease.key, std::array::from_fn(|_| values.next().flatten()))
            .ok_or(LeaseError::Lost)
    }

    pub(super) async fn end_attempt(
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
        let after = ending.after.map(|id| id.to_string());
        finish
            .arg(transcript.unwrap_or(""))
            .arg(after.unwrap_or_default());
        let answer = self.invoke(&finish).await?;
        match answer.verdict() {
            "done" => {}
            "behind" => {
                return Err(LeaseError::Behind(
                    answer.text(1).and_then(|id| id.parse().ok()),
                ));
            }
            _ => return Err(LeaseError::Lost),
        }
        self.ended(lease.key, &answer).await?;
        Ok(answer.job(1).map(|job| *job))
    }

    pub(super) async fn end_or_ask(
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
                self.ended(key, &answer).await?;
                Cancelled::AtOnce(answer.job(1))
            }
            "asked" => Cancelled::Asked,
            "ended" => Cancelled::AlreadyEnded,
            _ => Cancelled::Unknown,
        })
    }

    pub(super) async fn end_unpublished(
        &self,
        key: ExecutionKey,
        ending: &Ending,
    ) -> Result<Withdrawn, Unavailable> {
        let mut withdraw = on(&self.redis.scripts().withdraw, self.redis.keys(), key);
        withdraw.arg(Move::from(ending.kind).as_str());
        self.add_ending(&mut withdraw, key.execution, ending);
        let answer = self.invoke(&withdraw).await?;
        Ok(match answer.verdict() {
            "ended" => {
                self.ended(key, &answer).await?;
                Withdrawn::Ended(answer.job(1))
            }
            "taken" => Withdrawn::Taken,
            _ => Withdrawn::NothingToDo,
        })
    }

    pub(super) async fn end_or_give_back(
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
                self.outside.waits(key).await?;
                reap.arg(Move::Requeue.as_str())
                    .arg(Template::worker_lost(key.execution).text)
                    .arg(CancelReason::SessionClosed.as_str());
            }
            Verdict::End(ending) => {
                reap.arg(Move::from(ending.kind).as_str()).arg("");
                self.add_ending(&mut reap, key.execution, ending);
            }
        }
        let answer = self.invoke(&reap).await?;
        match (answer.verdict(), answer.job(1)) {
            ("requeued", Some(job)) => Ok(Reaped::Requeued(job)),
            ("ended", next) => {
                self.ended(key, &answer).await?;
                Ok(Reaped::Ended(next))
            }
            _ => {
                self.outside.still_waits(key).await?;
                Ok(Reaped::NotLost)
            }
        }
    }

    pub(super) async fn close_session(&self, session: SessionId) -> Result<Closed, Unavailable> {
        let scripts = self.redis.scripts();
        let mut close = on_session(&scripts.close, self.redis.keys(), session);
        close.arg(millis(self.retention.session));
        let answer = self.invoke(&close).await?;
        if answer.verdict() != "closed" {
            return Ok(Closed::Unknown);
        }
        self.index.touch(session, answer.standing(1)).await;
        let alive = answer.0.iter().skip(2).filter_map(|id| id.parse().ok());
        Ok(Closed::Closed(
            alive
                .map(|execution| ExecutionKey { session, execution })
                .collect(),
        ))
    }
}
