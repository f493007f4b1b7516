//! The record in memory: for `longshore dev` and tests. It keeps every promise but durability.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::{
    Cancelled, Claim, Claimant, Closed, ExecutionStore, Lease, LostLease, Reaped, Retention,
    Verdict, Withdrawn,
};
use crate::error::{AcceptError, LeaseError, Unavailable};
use crate::event_log::fanout::Fanout;
use crate::execution::{CancelReason, Ending, Execution, Status};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::session::{Session, SessionMode};

mod beginning;
mod ending;
mod expiry;
mod state;
mod steps;

pub(crate) use state::{Entry, SessionEntry, State};

/// A cheap handle on records and events in this process; `event_log/memory.rs` and
/// `catalogue/memory.rs` are its other faces.
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

    /// The state, without what is past its retention. The sections under this lock do not panic half way, so a poisoned
    /// one is still whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self
            .inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.forget_expired(&mut state);
        state
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
        self.begin(&mut self.state(), job, mode)
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

    async fn overdue(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        Ok(self.state().overdue(age, limit))
    }

    async fn pending(&self) -> Result<u64, Unavailable> {
        Ok(u64::try_from(self.state().pending.len()).unwrap_or(u64::MAX))
    }

    async fn claim(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable> {
        Ok(self.start(&mut self.state(), job, claimant))
    }

    async fn renew(
        &self,
        lease: &Lease,
        length: Duration,
    ) -> Result<Option<CancelReason>, LeaseError> {
        let mut state = self.state();
        let closed = state.is_closed(lease.key.session);
        let entry = state.held(lease)?;
        if entry.lease_until.is_none() {
            return Err(LeaseError::Lost);
        }
        entry.lease_until = Some(Instant::now() + length);
        let closed = closed.then_some(CancelReason::SessionClosed);
        Ok(entry.cancel.or(closed))
    }

    async fn release(&self, lease: &Lease) -> Result<LostLease, LeaseError> {
        let mut state = self.state();
        let entry = state.held(lease)?;
        entry.lease_until = None;
        entry.as_lost().ok_or(LeaseError::Lost)
    }

    async fn finish(
        &self,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Job>, LeaseError> {
        let next = self.end_attempt(&mut self.state(), lease, ending, transcript)?;
        Ok(next.map(|job| *job))
    }

    async fn cancel(
        &self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<Cancelled, Unavailable> {
        Ok(self.end_or_ask(&mut self.state(), key, reason))
    }

    async fn withdraw(&self, key: ExecutionKey, ending: &Ending) -> Result<Withdrawn, Unavailable> {
        Ok(self.end_unpublished(&mut self.state(), key, ending))
    }

    async fn close(&self, session: SessionId) -> Result<Closed, Unavailable> {
        Ok(self.close_session(&mut self.state(), session))
    }

    fn cancellations(&self) -> broadcast::Receiver<ExecutionKey> {
        self.inner.cancellations.subscribe()
    }

    async fn lost(&self, grace: Duration, limit: usize) -> Result<Vec<LostLease>, Unavailable> {
        let state = self.state();
        let lost = state
            .executions
            .values()
            .filter(|entry| entry.record.status == Status::Running && entry.is_over(grace));
        Ok(lost.take(limit).filter_map(Entry::as_lost).collect())
    }

    async fn reap(
        &self,
        lost: &LostLease,
        grace: Duration,
        verdict: &Verdict,
    ) -> Result<Reaped, Unavailable> {
        Ok(self.end_or_give_back(&mut self.state(), lost, grace, verdict))
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
        Ok(self.state().sessions.get(&session).map(SessionEntry::shown))
    }

    async fn up_for(&self) -> Result<Duration, Unavailable> {
        Ok(Duration::MAX) // It never comes back without what it held.
    }

    async fn check(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}
