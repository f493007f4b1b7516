//! How an execution begins: accepted, then claimed.

use redis::{Pipeline, Script, ScriptInvocation};
use tracing::warn;

use super::RedisStore;
use super::record::{self, Answer};
use crate::catalogue::redis::{Entry, YOUNG};
use crate::error::{AcceptError, Unavailable};
use crate::event::frame::Template;
use crate::execution::Status;
use crate::job::Job;
use crate::redis::{millis, on};
use crate::session::SessionMode;
use crate::store::{Claim, Claimant, Claimed, Lease};
use crate::timestamp::Timestamp;

impl RedisStore {
    pub(super) async fn begin(&self, job: &Job, mode: SessionMode) -> Result<(), AcceptError> {
        let key = job.key();
        let scripts = self.redis.scripts();
        let mut accept = on(&scripts.accept, self.redis.keys(), key);
        accept.arg(match mode {
            SessionMode::Begin => "begin",
            SessionMode::Continue => "continue",
        });
        record::add_new(&mut accept, job);
        let mut first = redis::pipe();
        self.outside.announce(&mut first, job);
        let answer = self.after(first, &scripts.accept, &accept).await?;
        let refusal = match answer.verdict() {
            "accepted" | "known" => {
                self.enter_again(job).await?;
                self.index.touch(key.session, answer.standing(1)).await;
                return Ok(self.unannounce(job, answer.text(2)).await?);
            }
            "closed" => AcceptError::SessionClosed,
            _ => AcceptError::SessionNotFound,
        };
        self.outside.take_back(job).await?;
        Err(refusal)
    }

    /// What is so old may have been taken for gone, and removed from the lists, before its record was written; a reader
    /// that removes it after this finds the record. Early, since the clocks of the machines differ.
    async fn enter_again(&self, job: &Job) -> Result<(), Unavailable> {
        if Entry::from(job).age(Timestamp::now()) < YOUNG / 2 {
            return Ok(());
        }
        self.outside.point(job).await
    }

    /// Takes back what was announced of an execution that was accepted before and has come further.
    async fn unannounce(&self, job: &Job, status: Option<&str>) -> Result<(), Unavailable> {
        match status.and_then(|status| status.parse::<Status>().ok()) {
            Some(Status::Running) => self.outside.taken(job.key()).await,
            Some(status) if status.has_ended() => self.outside.ended(job.key()).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn start(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let key = job.key();
        let mut first = redis::pipe();
        self.outside.add_lease(&mut first, key, claimant.lease);
        let mut answer = self.try_claim(first, job, claimant, false).await?;
        if answer.verdict() == "unknown" && self.was_lost(job).await? {
            let mut first = redis::pipe();
            self.outside.announce(&mut first, job);
            answer = self.try_claim(first, job, claimant, true).await?;
            self.enter_again(job).await?;
        }
        Ok(match answer.verdict() {
            "run" => {
                self.taken(job, &answer).await;
                Claim::Run(claimed(job, claimant, &answer))
            }
            "elsewhere" => Claim::RunningElsewhere,
            "busy" => {
                self.index.touch(key.session, answer.standing(1)).await;
                Claim::SessionBusy
            }
            "closed" => Claim::SessionClosed,
            _ => Claim::Ended,
        })
    }

    async fn try_claim(
        &self,
        first: Pipeline,
        job: &Job,
        claimant: &Claimant,
        create: bool,
    ) -> Result<Answer, Unavailable> {
        let scripts = self.redis.scripts();
        let mut claim = on(&scripts.claim, self.redis.keys(), job.key());
        claim
            .arg(claimant.token.to_string())
            .arg(&claimant.worker)
            .arg(millis(claimant.lease))
            .arg(Template::running(job.execution_id).text)
            .arg(u8::from(create))
            .arg(claimant.had);
        record::add_new(&mut claim, job);
        self.after(first, &scripts.claim, &claim).await
    }

    /// Runs a script after what must be written before it, in one pipeline: Redis runs it in its order, as far as it comes.
    async fn after(
        &self,
        mut first: Pipeline,
        script: &Script,
        invocation: &ScriptInvocation<'_>,
    ) -> Result<Answer, Unavailable> {
        first.invoke_script(invocation);
        let used = [&self.redis.scripts().due_add, script];
        let (answer,): (Vec<String>,) = self.redis.pipeline(&first, &used).await?;
        Ok(Answer(answer))
    }

    /// Whether a job without a record was lost together with all of Redis, rather than ended and expired.
    async fn was_lost(&self, job: &Job) -> Result<bool, Unavailable> {
        if job.accepted_at.age() < self.retention.execution {
            return Ok(true);
        }
        let epoch = self.outside.epoch().await?;
        Ok(epoch.is_none_or(|epoch| job.accepted_at < epoch))
    }

    /// Notes that it no longer waits. The lease is what counts, and the janitor makes up for what fails here.
    async fn taken(&self, job: &Job, answer: &Answer) {
        let key = job.key();
        let (taken, ()) = tokio::join!(
            self.outside.taken(key),
            self.index.touch(key.session, answer.standing(5))
        );
        if let Err(error) = taken {
            warn!(execution = %key.execution, %error, "still counted as pending");
        }
    }
}

fn claimed(job: &Job, claimant: &Claimant, answer: &Answer) -> Claimed {
    Claimed {
        lease: Lease {
            key: job.key(),
            attempt: answer.number(1),
            token: claimant.token,
        },
        messages: answer.number(2),
        turns: answer.number(3),
        transcript: answer.text(4).map(str::to_owned),
        forgotten: answer.text(6) == Some("1"),
    }
}
