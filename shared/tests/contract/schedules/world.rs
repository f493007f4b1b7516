//! A record and its model, asked the same.

use std::collections::BTreeMap;
use std::slice;
use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::{AcceptError, LeaseError};
use longshore_shared::execution::{CancelReason, EndKind, Ending, Execution};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::job::{Job, OnWorkerLoss};
use longshore_shared::session::SessionMode;
use longshore_shared::store::{
    Cancelled, Claim, Claimant, Closed, Lease, LostLease, Reaped, Verdict, Withdrawn,
};
use proptest::prelude::*;
use tokio::task::yield_now;

use super::model::{Answer, Model};
use super::steps::{Deed, SESSIONS};
use crate::engines::{LEASE, batch, message};

/// A record, and the model of what it should hold.
pub(super) struct World<'a> {
    pub(super) on: &'a Backends,
    pub(super) model: Model,
    pub(super) sessions: Vec<SessionId>,
    /// Every message that ever was, and every lease ever given.
    pub(super) jobs: Vec<Job>,
    pub(super) leases: Vec<Lease>,
    /// What was waiting before.
    pub(super) waited: u64,
    /// How each was recorded when it had ended.
    ended: BTreeMap<ExecutionId, String>,
}

impl<'a> World<'a> {
    pub(super) async fn new(on: &'a Backends) -> Self {
        // As every worker does, so that a record that is not there is one that was lost.
        on.store.lost(Duration::ZERO, 1).await.unwrap();
        Self {
            on,
            model: Model::default(),
            sessions: (0..SESSIONS).map(|_| SessionId::generate()).collect(),
            jobs: Vec::new(),
            leases: Vec::new(),
            waited: on.store.pending().await.unwrap(),
            ended: BTreeMap::new(),
        }
    }

    pub(super) async fn accept(&mut self, job: &Job) -> Result<(), TestCaseError> {
        let mode = match self
            .model
            .entries()
            .iter()
            .any(|entry| entry.key.session == job.session_id)
        {
            true => SessionMode::Continue,
            false => SessionMode::Begin,
        };
        let answer = match self.on.store.accept(job, mode).await {
            Ok(()) => Answer::Done,
            Err(AcceptError::SessionClosed) => Answer::SessionClosed,
            Err(other) => panic!("{other}"),
        };
        prop_assert_eq!(answer, self.model.accept(job.key()));
        self.check(job.key()).await
    }

    pub(super) async fn claim(
        &mut self,
        job: &Job,
        claimant: &Claimant,
    ) -> Result<Answer, TestCaseError> {
        let key = job.key();
        let before = self.on.store.execution(key).await.unwrap();
        let expected = self.model.claim(key, claimant.token);
        let answer = match self.on.store.claim(job, claimant).await.unwrap() {
            Claim::Run(claimed) => {
                let lease = claimed.lease;
                prop_assert_eq!(lease.token, claimant.token);
                if !self.leases.contains(&lease) {
                    let last = before.and_then(|record| record.attempt).unwrap_or(0);
                    prop_assert!(lease.attempt > last, "{} after {}", lease.attempt, last);
                    self.leases.push(lease);
                }
                Answer::Run
            }
            Claim::Ended => Answer::Ended,
            Claim::RunningElsewhere => Answer::RunningElsewhere,
            Claim::SessionBusy => Answer::SessionBusy,
            Claim::SessionClosed => Answer::SessionClosed,
        };
        prop_assert_eq!(&answer, &expected);
        self.check(key).await?;
        Ok(answer)
    }

    pub(super) async fn deed(
        &mut self,
        lease: &Lease,
        deed: Deed,
        again: bool,
    ) -> Result<(), TestCaseError> {
        match deed {
            Deed::Append => {
                let event = message(
                    &self.job(lease.key),
                    lease.attempt,
                    self.next_seq(lease).await,
                );
                for again in [Some(false), again.then_some(true)].into_iter().flatten() {
                    let answer = self
                        .on
                        .log
                        .append(lease, &batch(slice::from_ref(&event)))
                        .await;
                    let answer = or_lost(answer, |()| Answer::Done);
                    prop_assert_eq!(answer, self.model.append(lease, again));
                }
            }
            Deed::Renew | Deed::Sleep => {
                let lapses = matches!(deed, Deed::Sleep);
                let length = if lapses { Duration::ZERO } else { LEASE };
                let answer = self.on.store.renew(lease, length).await;
                prop_assert_eq!(
                    or_lost(answer, Answer::Held),
                    self.model.renew(lease, lapses)
                );
            }
            Deed::Release => {
                let answer = self.on.store.release(lease).await;
                let answer = or_lost(answer, |_| Answer::Done);
                prop_assert_eq!(answer, self.model.release(lease));
            }
            Deed::Complete | Deed::Fail => {
                let kind = match deed {
                    Deed::Complete => EndKind::Completed,
                    _ => EndKind::Failed,
                };
                for _ in 0..=u8::from(again) {
                    let answer = self.on.store.finish(lease, &ending(kind), None).await;
                    let answer = or_lost(answer, |next| {
                        Answer::Next(next.map(|next| next.execution_id))
                    });
                    prop_assert_eq!(answer, self.model.finish(lease, kind));
                }
            }
        }
        self.check(lease.key).await
    }

    pub(super) async fn cancel(
        &mut self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<(), TestCaseError> {
        let answer = match self.on.store.cancel(key, reason).await.unwrap() {
            Cancelled::AtOnce(next) => Answer::Next(next.map(|next| next.execution_id)),
            Cancelled::Asked => Answer::Asked,
            Cancelled::AlreadyEnded => Answer::Ended,
            Cancelled::Unknown => Answer::NothingToDo,
        };
        prop_assert_eq!(answer, self.model.cancel(key, reason));
        self.check(key).await
    }

    pub(super) async fn withdraw(&mut self, key: ExecutionKey) -> Result<(), TestCaseError> {
        let withdrawn = self.on.store.withdraw(key, &ending(EndKind::Failed)).await;
        let answer = match withdrawn.unwrap() {
            Withdrawn::Ended(next) => Answer::Next(next.map(|next| next.execution_id)),
            Withdrawn::NothingToDo => Answer::NothingToDo,
            Withdrawn::Taken => Answer::Taken,
        };
        prop_assert_eq!(answer, self.model.withdraw(key));
        self.check(key).await
    }

    pub(super) async fn close(&mut self, session: SessionId) -> Result<(), TestCaseError> {
        let answer = match self.on.store.close(session).await.unwrap() {
            Closed::Closed(alive) => Answer::Alive(alive.iter().map(|key| key.execution).collect()),
            Closed::Unknown => Answer::NothingToDo,
        };
        prop_assert_eq!(answer, self.model.close(session));
        Ok(())
    }

    pub(super) async fn reap(
        &mut self,
        lease: &Lease,
        gives_back: bool,
    ) -> Result<(), TestCaseError> {
        let lost = LostLease {
            lease: lease.clone(),
            on_worker_loss: OnWorkerLoss::Auto,
            tool_used: false,
            cancelled: None,
            tries: 1,
        };
        let verdict = match gives_back {
            true => Verdict::Requeue,
            false => Verdict::End(ending(EndKind::Failed)),
        };
        let expected = self
            .model
            .reap(lease, (!gives_back).then_some(EndKind::Failed));
        let answer = loop {
            let answer = self.on.store.reap(&lost, Duration::ZERO, &verdict).await;
            match answer.unwrap() {
                Reaped::Requeued(_) => break Answer::Requeued,
                Reaped::Ended(next) => break Answer::Next(next.map(|next| next.execution_id)),
                // Redis counts milliseconds: a lease that is just over is so in the next of them.
                Reaped::NotLost if expected != Answer::NotLost => yield_now().await,
                Reaped::NotLost => break Answer::NotLost,
            }
        };
        prop_assert_eq!(answer, expected);
        self.check(lease.key).await
    }

    fn job(&self, key: ExecutionKey) -> Job {
        let mut jobs = self.jobs.iter();
        jobs.find(|job| job.key() == key)
            .expect("it came from here")
            .clone()
    }

    async fn next_seq(&self, lease: &Lease) -> u64 {
        let top = self.on.log.top(lease.key).await.unwrap().last;
        top.map_or(1, |top| top.seq + 1)
    }

    /// Holds one record to the model, and to itself when it has ended.
    pub(super) async fn check(&mut self, key: ExecutionKey) -> Result<(), TestCaseError> {
        let record = self.on.store.execution(key).await.unwrap();
        let Some(entry) = self.model.entry(key.execution) else {
            prop_assert!(record.is_none());
            return Ok(());
        };
        let record = record.expect("it is on record");
        prop_assert_eq!(
            (record.status, record.messages),
            (entry.status, entry.messages)
        );
        if record.status.has_ended() {
            let text = fixed(&record);
            let before = self
                .ended
                .entry(key.execution)
                .or_insert_with(|| text.clone());
            prop_assert_eq!(before, &text);
        }
        Ok(())
    }
}

fn or_lost<T>(answer: Result<T, LeaseError>, held: impl FnOnce(T) -> Answer) -> Answer {
    match answer {
        Ok(answer) => held(answer),
        Err(LeaseError::Lost) => Answer::Lost,
        Err(other) => panic!("{other}"),
    }
}

fn ending(kind: EndKind) -> Ending {
    Ending {
        kind,
        ..Ending::cancelled(CancelReason::Requested)
    }
}

/// What never changes any more.
fn fixed(record: &Execution) -> String {
    let Execution {
        status,
        attempt,
        messages,
        turns,
        ended_at,
        error,
        ..
    } = record;
    format!("{status} {attempt:?} {messages} {turns} {ended_at:?} {error:?}")
}
