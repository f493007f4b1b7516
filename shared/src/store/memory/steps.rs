//! The steps that several operations of the memory store share.

use std::time::Instant;

use super::MemoryStore;
use super::state::{Entry, State};
use crate::event::frame::Template;
use crate::event_log::LiveBatch;
use crate::execution::{Ending, Status};
use crate::id::{EventId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::timestamp::Timestamp;

impl MemoryStore {
    /// Records an event that the store itself makes, and publishes it.
    pub(super) fn record(&self, entry: &mut Entry, template: &Template, number: u64) {
        let attempt = entry.record.attempt.unwrap_or(0);
        let after = entry.top;
        let id = match after {
            Some(top) if top.attempt == attempt => top.next(),
            _ => EventId { attempt, seq: 1 },
        };
        let event = template.fill(id, number);
        entry.top = Some(id);
        entry.events.push_back(event.clone());
        let key = ExecutionKey {
            session: entry.record.session_id,
            execution: entry.record.execution_id,
        };
        self.fanout().deliver(
            key,
            LiveBatch {
                after,
                events: vec![event],
            },
        );
    }

    /// Ends an execution whose step the lifecycle has permitted; answers the session's next job.
    pub(super) fn settle(
        &self,
        state: &mut State,
        key: ExecutionKey,
        to: Status,
        ending: &Ending,
    ) -> Option<Box<Job>> {
        let entry = state.executions.get_mut(&key.execution)?;
        self.record(
            entry,
            &Template::end(key.execution, ending),
            entry.record.messages,
        );
        let record = &mut entry.record;
        record.status = to;
        record.ended_at = Some(Timestamp::now());
        record.result.clone_from(&ending.result);
        record.error.clone_from(&ending.error);
        let turns = u64::from(record.turns);
        state.ended.push_back((Instant::now(), key.execution));
        let session = state.sessions.get_mut(&key.session)?;
        session.session.turns += turns;
        session.session.total_cost_usd += ending.bounded_cost();
        session.session.usage = session.session.usage.plus(ending.usage.bounded());
        session.order.retain(|id| *id != key.execution);
        state.pending.remove(&key.execution);
        state.changed(key.session);
        self.head(state, key.session)
    }

    /// The job that is next in the session; none of a closed one, where nothing is begun.
    pub(super) fn head(&self, state: &State, session: SessionId) -> Option<Box<Job>> {
        if state.is_closed(session) {
            return None;
        }
        let head = state.sessions.get(&session)?.order.front()?;
        let entry = state.executions.get(head)?;
        (entry.record.status == Status::Pending).then(|| Box::new(entry.job.clone()))
    }
}
