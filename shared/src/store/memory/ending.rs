//! How an execution ends, or is given back; how a session is closed.

use std::time::Duration;

use super::MemoryStore;
use super::state::State;
use crate::error::LeaseError;
use crate::event::frame::Template;
use crate::execution::{CancelReason, Ending, Status};
use crate::id::{ExecutionKey, SessionId};
use crate::job::Job;
use crate::lifecycle::Move;
use crate::store::{Cancelled, Closed, Lease, LostLease, Reaped, Verdict, Withdrawn};

impl MemoryStore {
    pub(super) fn end_attempt(
        &self,
        state: &mut State,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Box<Job>>, LeaseError> {
        let entry = state
            .executions
            .get(&lease.key.execution)
            .ok_or(LeaseError::Lost)?;
        if entry.lease != Some(lease.token) {
            return Err(LeaseError::Lost);
        }
        if entry.record.status.has_ended() {
            return Ok(self.head(state, lease.key.session));
        }
        if ending.after > entry.top {
            return Err(LeaseError::Behind(entry.top));
        }
        let to = state
            .step(lease.key, ending.kind.into())
            .ok_or(LeaseError::Lost)?;
        if let (Some(name), Some(session)) =
            (transcript, state.sessions.get_mut(&lease.key.session))
        {
            session.session.transcript = Some(name.to_owned());
        }
        Ok(self.settle(state, lease.key, to, ending))
    }

    pub(super) fn end_or_ask(
        &self,
        state: &mut State,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Cancelled {
        let Some(entry) = state.executions.get_mut(&key.execution) else {
            return Cancelled::Unknown;
        };
        if entry.record.status == Status::Running {
            entry.cancel.get_or_insert(reason);
            // Nobody listening is fine: see the trait.
            let _ = self.inner.cancellations.send(key);
            return Cancelled::Asked;
        }
        match state.step(key, Move::Cancel) {
            None => Cancelled::AlreadyEnded,
            Some(to) => Cancelled::AtOnce(self.settle(state, key, to, &Ending::cancelled(reason))),
        }
    }

    pub(super) fn end_unpublished(
        &self,
        state: &mut State,
        key: ExecutionKey,
        ending: &Ending,
    ) -> Withdrawn {
        let record = state
            .executions
            .get(&key.execution)
            .map(|entry| &entry.record);
        match record {
            Some(record) if record.attempt.is_some() => return Withdrawn::Taken,
            Some(record) if record.status == Status::Pending => {}
            _ => return Withdrawn::NothingToDo,
        }
        match state.step(key, ending.kind.into()) {
            Some(to) => Withdrawn::Ended(self.settle(state, key, to, ending)),
            None => Withdrawn::NothingToDo,
        }
    }

    pub(super) fn end_or_give_back(
        &self,
        state: &mut State,
        lost: &LostLease,
        grace: Duration,
        verdict: &Verdict,
    ) -> Reaped {
        let key = lost.lease.key;
        match state.held(&lost.lease) {
            Ok(entry) if entry.is_over(grace) => {}
            _ => return Reaped::NotLost,
        }
        let step = match verdict {
            Verdict::Requeue => Move::Requeue,
            Verdict::End(ending) => ending.kind.into(),
        };
        let Some(to) = state.step(key, step) else {
            return Reaped::NotLost;
        };
        let closed = state.is_closed(key.session);
        let Some(entry) = state.executions.get_mut(&key.execution) else {
            return Reaped::NotLost;
        };
        if let Verdict::End(ending) = verdict {
            // Its holder may come back, and must not take this end for its own.
            entry.lease = None;
            return Reaped::Ended(self.settle(state, key, to, ending));
        }
        if closed {
            entry.cancel.get_or_insert(CancelReason::SessionClosed);
        }
        if entry.cancel.is_some() {
            return Reaped::NotLost;
        }
        entry.give_back(to);
        let template = Template::worker_lost(key.execution);
        self.record(entry, &template, lost.lease.attempt.into());
        state.pending.insert(key.execution);
        Reaped::Requeued(Box::new(entry.job.clone()))
    }

    pub(super) fn close_session(&self, state: &mut State, session: SessionId) -> Closed {
        let Some(entry) = state.sessions.get_mut(&session) else {
            return Closed::Unknown;
        };
        let alive = entry.order.iter().copied();
        let alive = alive
            .map(|execution| ExecutionKey { session, execution })
            .collect();
        // Closing again is no activity, and keeps the session no longer.
        if !std::mem::replace(&mut entry.session.closed, true) {
            state.changed(session);
        }
        Closed::Closed(alive)
    }
}
