//! How an execution begins: accepted, then claimed.

use super::MemoryStore;
use super::state::State;
use crate::error::AcceptError;
use crate::event::frame::Template;
use crate::execution::Status;
use crate::job::Job;
use crate::lifecycle::Move;
use crate::session::SessionMode;
use crate::store::{Claim, Claimant, Claimed};

impl MemoryStore {
    pub(super) fn begin(
        &self,
        state: &mut State,
        job: &Job,
        mode: SessionMode,
    ) -> Result<(), AcceptError> {
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

    pub(super) fn start(&self, state: &mut State, job: &Job, claimant: &Claimant) -> Claim {
        let key = job.key();
        let anew = !state.executions.contains_key(&key.execution);
        if anew {
            if job.accepted_at.age() >= self.inner.retention.execution {
                return Claim::Ended;
            }
            state.insert(job);
        }
        let status = state.executions[&key.execution].record.status;
        match status {
            Status::Pending if state.is_closed(key.session) => return Claim::SessionClosed,
            Status::Pending if !state.is_head(key) => return Claim::SessionBusy,
            Status::Pending | Status::Running => {}
            _ => return Claim::Ended,
        }
        let transcript = state.transcript(key.session);
        let to = state.step(key, Move::Claim);
        let Some(entry) = state.executions.get_mut(&key.execution) else {
            return Claim::Ended;
        };
        let forgotten = anew || entry.record.attempt.unwrap_or(0) < claimant.had;
        match to {
            Some(to) => {
                let attempt = entry.start(to, claimant);
                self.record(entry, &Template::running(key.execution), attempt.into());
                state.pending.remove(&key.execution);
            }
            // The same claim again, because its answer was lost.
            None if entry.lease == Some(claimant.token) => {}
            None => return Claim::RunningElsewhere,
        }
        Claim::Run(Claimed {
            forgotten,
            ..entry.claimed(claimant.token, transcript)
        })
    }
}
