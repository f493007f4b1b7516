//! What the memory backends hold: sessions, executions and their events.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::catalogue::memory::{Index, now};
use crate::error::LeaseError;
use crate::event::Event;
use crate::execution::{CancelReason, Execution, Status};
use crate::id::{EventId, ExecutionId, ExecutionKey, SessionId};
use crate::job::Job;
use crate::lifecycle::{self, Move};
use crate::session::Session;
use crate::store::{Claimant, Claimed, Lease, LostLease};
use crate::timestamp::Timestamp;
use crate::usage::Usage;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) sessions: HashMap<SessionId, SessionEntry>,
    pub(crate) executions: HashMap<ExecutionId, Entry>,
    /// Ended ones in the order of their end, for retention.
    pub(super) ended: VecDeque<(Instant, ExecutionId)>,
    /// Sessions in the order in which they came to rest, for retention.
    pub(super) resting: VecDeque<(Instant, SessionId)>,
    /// Executions that wait for a worker.
    pub(super) pending: HashSet<ExecutionId>,
    pub(crate) index: Index,
}

pub(crate) struct SessionEntry {
    pub(super) session: Session,
    pub(super) order: VecDeque<ExecutionId>,
    /// By their numbers.
    pub(crate) accepted: BTreeMap<u64, ExecutionId>,
    /// Since when nothing happened to it and nothing of it lives.
    pub(super) resting_since: Option<Instant>,
}

/// One execution with all that belongs to it.
pub(crate) struct Entry {
    pub(crate) record: Execution,
    pub(super) job: Job,
    pub(super) dispatched: bool,
    pub(super) accepted: Instant,
    pub(crate) lease: Option<Uuid>,
    /// None when it was given up.
    pub(super) lease_until: Option<Instant>,
    pub(super) cancel: Option<CancelReason>,
    pub(crate) tool_used: bool,
    pub(crate) events: VecDeque<Event>,
    pub(crate) top: Option<EventId>,
    pub(crate) trimmed: Option<EventId>,
}

impl State {
    pub(super) fn insert(&mut self, job: &Job) {
        let session = self
            .sessions
            .entry(job.session_id)
            .or_insert_with(|| SessionEntry::new(job));
        session.order.push_back(job.execution_id);
        session.session.executions += 1;
        session.session.last_execution_id = Some(job.execution_id);
        session.number_it(job.execution_id, |id| self.executions.contains_key(id));
        self.executions.insert(job.execution_id, Entry::new(job));
        self.pending.insert(job.execution_id);
        self.changed(job.session_id);
    }

    /// Notes that something of the session has changed: for its record, its retention and its index.
    pub(super) fn changed(&mut self, session: SessionId) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        entry.session.updated_at = Timestamp::now();
        entry.resting_since = entry.order.is_empty().then(Instant::now);
        if let Some(since) = entry.resting_since {
            self.resting.push_back((since, session));
        }
        let (status, workspace) = (entry.shown().status(), &entry.session.workspace_id);
        self.index.touch(now(), session, status, workspace);
    }

    pub(super) fn is_closed(&self, session: SessionId) -> bool {
        let session = self.sessions.get(&session);
        session.is_some_and(|session| session.session.closed)
    }

    /// The entry for which the lease is still the one that counts.
    pub(crate) fn held(&mut self, lease: &Lease) -> Result<&mut Entry, LeaseError> {
        let entry = self
            .executions
            .get_mut(&lease.key.execution)
            .ok_or(LeaseError::Lost)?;
        let held = entry.lease == Some(lease.token) && entry.record.status == Status::Running;
        if held {
            Ok(entry)
        } else {
            Err(LeaseError::Lost)
        }
    }

    /// Whether the execution is its session's oldest that has not ended.
    pub(super) fn is_head(&self, key: ExecutionKey) -> bool {
        let session = self.sessions.get(&key.session);
        session.is_some_and(|session| session.order.front() == Some(&key.execution))
    }

    /// See [`crate::store::ExecutionStore::overdue`].
    pub(super) fn overdue(&mut self, age: Duration, limit: usize) -> Vec<Job> {
        let waits = |id: &ExecutionId| {
            let entry = self.executions.get(id)?;
            (entry.accepted.elapsed() >= age).then_some((entry.accepted, entry.job.key()))
        };
        let mut waiting: Vec<_> = self.pending.iter().filter_map(waits).collect();
        waiting.sort_by_key(|(since, _)| *since);
        waiting.truncate(limit);
        let mut jobs = Vec::new();
        for (_, key) in waiting {
            let is_head = self.is_head(key);
            if let Some(entry) = self.executions.get_mut(&key.execution) {
                entry.accepted = Instant::now();
                jobs.extend(is_head.then(|| entry.job.clone()));
            }
        }
        jobs
    }

    /// What the session's next execution resumes.
    pub(super) fn transcript(&self, session: SessionId) -> Option<String> {
        self.sessions.get(&session)?.session.transcript.clone()
    }

    /// The state a step would lead to, where the lifecycle permits it.
    pub(super) fn step(&self, key: ExecutionKey, step: Move) -> Option<Status> {
        lifecycle::next(self.executions.get(&key.execution)?.record.status, step)
    }
}

impl SessionEntry {
    fn new(job: &Job) -> Self {
        let session = Session {
            session_id: job.session_id,
            workspace_id: job.workspace_id.clone(),
            closed: false,
            created_at: job.accepted_at,
            updated_at: job.accepted_at,
            executions: 0,
            turns: 0,
            total_cost_usd: 0.0,
            usage: Usage::default(),
            last_execution_id: None,
            active_execution_id: None,
            transcript: None,
            metadata: job.request.metadata.clone(),
        };
        Self {
            session,
            order: VecDeque::new(),
            accepted: BTreeMap::new(),
            resting_since: None,
        }
    }

    /// Gives an execution its number, and forgets the oldest ones whose records are gone: two for one, so that a
    /// session that is used for long does not grow.
    fn number_it(&mut self, execution: ExecutionId, is_there: impl Fn(&ExecutionId) -> bool) {
        for _ in 0..2 {
            if let Some(oldest) = self.accepted.first_entry()
                && !is_there(oldest.get())
            {
                oldest.remove();
            }
        }
        self.accepted.insert(self.session.executions, execution);
    }

    /// The session as it is shown.
    pub(crate) fn shown(&self) -> Session {
        Session {
            active_execution_id: self.order.front().copied(),
            ..self.session.clone()
        }
    }
}

impl Entry {
    fn new(job: &Job) -> Self {
        let record = Execution {
            execution_id: job.execution_id,
            session_id: job.session_id,
            workspace_id: job.workspace_id.clone(),
            status: Status::Pending,
            turns: 0,
            max_turns: job.request.max_turns,
            messages: 0,
            attempt: None,
            worker_id: None,
            created_at: job.accepted_at,
            started_at: None,
            ended_at: None,
            result: None,
            error: None,
            metadata: job.request.metadata.clone(),
            trace_id: job.trace_id.clone(),
        };
        Self {
            record,
            job: job.clone(),
            dispatched: false,
            accepted: Instant::now(),
            lease: None,
            lease_until: None,
            cancel: None,
            tool_used: false,
            events: VecDeque::new(),
            top: None,
            trimmed: None,
        }
    }
}

impl Entry {
    /// Begins an attempt; answers its number.
    pub(super) fn start(&mut self, to: Status, claimant: &Claimant) -> u32 {
        let attempt = self.record.attempt.unwrap_or(0).max(claimant.had) + 1;
        self.record.status = to;
        self.record.attempt = Some(attempt);
        self.record.worker_id = Some(claimant.worker.clone());
        self.record.started_at.get_or_insert_with(Timestamp::now);
        self.dispatched = true;
        self.tool_used = false;
        self.lease = Some(claimant.token);
        self.lease_until = Some(Instant::now() + claimant.lease);
        attempt
    }

    /// Ends an attempt whose worker was lost; another may begin.
    pub(super) fn give_back(&mut self, to: Status) {
        self.record.status = to;
        self.lease = None;
        self.dispatched = false;
        self.accepted = Instant::now();
    }

    /// Whether its lease ended that long ago, or was given up.
    pub(super) fn is_over(&self, grace: Duration) -> bool {
        self.lease_until
            .is_none_or(|end| Instant::now() > end + grace)
    }

    pub(super) fn claimed(&self, token: Uuid, transcript: Option<String>) -> Claimed {
        Claimed {
            lease: Lease {
                key: self.job.key(),
                attempt: self.record.attempt.unwrap_or_default(),
                token,
            },
            messages: self.record.messages,
            turns: self.record.turns,
            transcript,
            forgotten: false,
        }
    }

    pub(super) fn as_lost(&self) -> Option<LostLease> {
        let key = ExecutionKey {
            session: self.record.session_id,
            execution: self.record.execution_id,
        };
        Some(LostLease {
            lease: Lease {
                key,
                attempt: self.record.attempt?,
                token: self.lease?,
            },
            on_worker_loss: self.job.request.on_worker_loss,
            tool_used: self.tool_used,
            cancelled: self.cancel,
            tries: self.record.attempt?,
        })
    }
}
