//! The record in memory: for `longshore dev` and tests. It keeps every promise but durability.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::{
    Cancelled, Claim, Claimant, ExecutionStore, Lease, LostLease, Reaped, Retention, Verdict,
    Withdrawn,
};
use crate::error::{AcceptError, LeaseError, Unavailable};
use crate::event::frame::Template;
use crate::event_log::fanout::Fanout;
use crate::execution::{CancelReason, Ending, Execution, Status};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::lifecycle::Move;
use crate::session::{Session, SessionMode};

mod state;
mod steps;

pub(crate) use state::Entry;
use state::State;

/// A cheap handle on records and events in this process; `event_log/memory.rs` is its other face.
#[derive(Clone)]
pub struct MemoryStore {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    fanout: Arc<Fanout>,
    cancellations: broadcast::Sender<ExecutionKey>,
    retention: Retention,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(retention: Retention) -> Self {
        // Cancellations are hints, so a receiver that lags loses nothing that renewing would not tell it.
        let (cancellations, _) = broadcast::channel(64);
        let inner = Inner {
            state: Mutex::default(),
            fanout: Arc::default(),
            cancellations,
            retention,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The sections under this lock do not panic half way, so a poisoned one is still whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fanout(&self) -> &Arc<Fanout> {
        &self.inner.fanout
    }

    pub(crate) fn max_events(&self) -> usize {
        self.inner.retention.max_events
    }
}

#[async_trait]
impl ExecutionStore for MemoryStore {
    async fn accept(&self, job: &Job, mode: SessionMode) -> Result<(), AcceptError> {
        let mut state = self.state();
        self.forget_expired(&mut state);
        if state.executions.contains_key(&job.execution_id) {
            return Ok(());
        }
        if mode == SessionMode::Continue {
            match state.sessions.get(&job.session_id) {
                Some(entry) if entry.session.workspace_id != job.workspace_id => {
                    return Err(AcceptError::SessionNotFound);
                }
                Some(entry) if entry.session.closed => return Err(AcceptError::SessionClosed),
                Some(_) => {}
                None => return Err(AcceptError::SessionNotFound),
            }
        }
        state.insert(job);
        Ok(())
    }

    async fn dispatched(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        if let Some(entry) = self.state().executions.get_mut(&key.execution) {
            entry.dispatched = true;
        }
        Ok(())
    }

    async fn undispatched(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        let state = self.state();
        let mut waiting: Vec<_> = state
            .executions
            .values()
            .filter(|entry| entry.record.status == Status::Pending && !entry.dispatched)
            .filter(|entry| entry.accepted.elapsed() >= age)
            .collect();
        waiting.sort_by_key(|entry| entry.accepted);
        Ok(waiting
            .into_iter()
            .take(limit)
            .map(|entry| entry.job.clone())
            .collect())
    }

    async fn claim(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let mut state = self.state();
        let key = job.key();
        if !state.executions.contains_key(&key.execution) {
            if job.accepted_at.age() >= self.inner.retention.execution {
                return Ok(Claim::Ended);
            }
            state.insert(job);
        }
        let status = state.executions[&key.execution].record.status;
        match status {
            Status::Pending if !state.is_head(key) => return Ok(Claim::SessionBusy),
            Status::Pending | Status::Running => {}
            _ => return Ok(Claim::Ended),
        }
        let transcript = state.transcript(key.session);
        let to = state.step(key, Move::Claim);
        let Some(entry) = state.executions.get_mut(&key.execution) else {
            return Ok(Claim::Ended);
        };
        match to {
            Some(to) => {
                let attempt = entry.start(to, claimant);
                self.record(entry, &Template::running(key.execution), attempt.into());
            }
            // The same claim again, because its answer was lost.
            None if entry.lease == Some(claimant.token) => {}
            None => return Ok(Claim::RunningElsewhere),
        }
        Ok(Claim::Run(entry.claimed(claimant.token, transcript)))
    }

    async fn renew(
        &self,
        lease: &Lease,
        length: Duration,
    ) -> Result<Option<CancelReason>, LeaseError> {
        let mut state = self.state();
        let entry = state.held(lease)?;
        entry.lease_until = Instant::now() + length;
        Ok(entry.cancel)
    }

    async fn finish(
        &self,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Job>, LeaseError> {
        let mut state = self.state();
        let entry = state
            .executions
            .get(&lease.key.execution)
            .ok_or(LeaseError::Lost)?;
        if entry.lease != Some(lease.token) {
            return Err(LeaseError::Lost);
        }
        if entry.record.status.has_ended() {
            return Ok(self.head(&state, lease.key.session).map(|job| *job));
        }
        let to = state
            .step(lease.key, ending.kind.into())
            .ok_or(LeaseError::Lost)?;
        if let (Some(name), Some(session)) =
            (transcript, state.sessions.get_mut(&lease.key.session))
        {
            session.session.transcript = Some(name.to_owned());
        }
        Ok(self
            .settle(&mut state, lease.key, to, ending)
            .map(|job| *job))
    }

    async fn cancel(
        &self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<Cancelled, Unavailable> {
        let mut state = self.state();
        let Some(entry) = state.executions.get_mut(&key.execution) else {
            return Ok(Cancelled::Unknown);
        };
        match entry.record.status {
            Status::Running => {
                entry.cancel.get_or_insert(reason);
                // Nobody listening is fine: see the trait.
                let _ = self.inner.cancellations.send(key);
                Ok(Cancelled::Asked)
            }
            _ => match state.step(key, Move::Cancel) {
                None => Ok(Cancelled::AlreadyEnded),
                Some(to) => Ok(Cancelled::AtOnce(self.settle(
                    &mut state,
                    key,
                    to,
                    &Ending::cancelled(reason),
                ))),
            },
        }
    }

    async fn withdraw(&self, key: ExecutionKey, ending: &Ending) -> Result<Withdrawn, Unavailable> {
        let mut state = self.state();
        let record = state
            .executions
            .get(&key.execution)
            .map(|entry| &entry.record);
        match record {
            Some(record) if record.attempt.is_some() => return Ok(Withdrawn::Taken),
            Some(record) if record.status == Status::Pending => {}
            _ => return Ok(Withdrawn::NothingToDo),
        }
        match state.step(key, ending.kind.into()) {
            Some(to) => Ok(Withdrawn::Ended(self.settle(&mut state, key, to, ending))),
            None => Ok(Withdrawn::NothingToDo),
        }
    }

    fn cancellations(&self) -> broadcast::Receiver<ExecutionKey> {
        self.inner.cancellations.subscribe()
    }

    async fn lost(&self, grace: Duration, limit: usize) -> Result<Vec<LostLease>, Unavailable> {
        let state = self.state();
        let now = Instant::now();
        let lost = state.executions.values().filter(|entry| {
            entry.record.status == Status::Running && now > entry.lease_until + grace
        });
        Ok(lost.take(limit).filter_map(Entry::as_lost).collect())
    }

    async fn reap(
        &self,
        lost: &LostLease,
        grace: Duration,
        verdict: &Verdict,
    ) -> Result<Reaped, Unavailable> {
        let mut state = self.state();
        let key = lost.lease.key;
        match state.held(&lost.lease) {
            Ok(entry) if Instant::now() > entry.lease_until + grace => {}
            _ => return Ok(Reaped::NotLost),
        }
        let step = match verdict {
            Verdict::Requeue => Move::Requeue,
            Verdict::End(ending) => ending.kind.into(),
        };
        let Some(to) = state.step(key, step) else {
            return Ok(Reaped::NotLost);
        };
        let Some(entry) = state.executions.get_mut(&key.execution) else {
            return Ok(Reaped::NotLost);
        };
        if let Verdict::End(ending) = verdict {
            // Its holder may come back, and must not take this end for its own.
            entry.lease = None;
            return Ok(Reaped::Ended(self.settle(&mut state, key, to, ending)));
        }
        if entry.cancel.is_some() {
            return Ok(Reaped::NotLost);
        }
        entry.record.status = to;
        entry.lease = None;
        entry.dispatched = false;
        entry.accepted = Instant::now();
        self.record(
            entry,
            &Template::worker_lost(key.execution),
            lost.lease.attempt.into(),
        );
        Ok(Reaped::Requeued(Box::new(entry.job.clone())))
    }

    async fn locate(&self, execution: ExecutionId) -> Result<Option<ExecutionKey>, Unavailable> {
        let state = self.state();
        let entry = state.executions.get(&execution);
        Ok(entry.map(|entry| ExecutionKey {
            session: entry.record.session_id,
            execution,
        }))
    }

    async fn execution(&self, key: ExecutionKey) -> Result<Option<Execution>, Unavailable> {
        Ok(self
            .state()
            .executions
            .get(&key.execution)
            .map(|entry| entry.record.clone()))
    }

    async fn session(&self, session: SessionId) -> Result<Option<Session>, Unavailable> {
        Ok(self.state().sessions.get(&session).map(|entry| Session {
            active_execution_id: entry.order.front().copied(),
            ..entry.session.clone()
        }))
    }

    async fn check(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}
