//! What the record must answer: the lifecycle, leases and the order of sessions, without engines, clocks or concurrency.

use longshore_shared::execution::{CancelReason, EndKind, Status};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::store::Lease;
use uuid::Uuid;

mod entry;

use entry::Entry;

/// An answer, as far as it can be foretold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Run,
    Ended,
    RunningElsewhere,
    SessionBusy,
    SessionClosed,
    Held(Option<CancelReason>),
    Lost,
    /// It has ended; what is next in its session.
    Next(Option<ExecutionId>),
    Asked,
    Taken,
    NothingToDo,
    /// What of a closed session has not ended.
    Alive(Vec<ExecutionId>),
    Requeued,
    NotLost,
}

/// What the record should hold.
#[derive(Default)]
pub(super) struct Model {
    /// In the order recorded.
    entries: Vec<Entry>,
    closed: Vec<SessionId>,
}

impl Model {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn entry(&self, execution: ExecutionId) -> Option<&Entry> {
        self.place(execution).map(|place| &self.entries[place])
    }

    pub(super) fn is_alive(&self) -> bool {
        self.entries.iter().any(|entry| !entry.status.has_ended())
    }

    pub(super) fn is_running(&self, key: ExecutionKey) -> bool {
        let entry = self.entry(key.execution);
        entry.is_some_and(|entry| entry.status == Status::Running)
    }

    fn place(&self, execution: ExecutionId) -> Option<usize> {
        let mut entries = self.entries.iter();
        entries.position(|entry| entry.key.execution == execution)
    }

    fn held(&mut self, lease: &Lease) -> Option<&mut Entry> {
        let entry = self.place(lease.key.execution)?;
        let entry = &mut self.entries[entry];
        let token = entry.holder.as_ref().map(|holder| holder.token);
        (token == Some(lease.token)).then_some(entry)
    }

    fn is_closed(&self, session: SessionId) -> bool {
        self.closed.contains(&session)
    }

    fn alive(&self, session: SessionId) -> impl Iterator<Item = &Entry> {
        let alive = move |entry: &&Entry| entry.key.session == session && !entry.status.has_ended();
        self.entries.iter().filter(alive)
    }

    fn next(&self, session: SessionId) -> Answer {
        let head = self.alive(session).next();
        let next = head
            .filter(|head| head.status == Status::Pending && !self.is_closed(session))
            .map(|head| head.key.execution);
        Answer::Next(next)
    }

    fn end(&mut self, place: usize, kind: EndKind, by: Option<Uuid>) -> Answer {
        let entry = &mut self.entries[place];
        entry.status = match kind {
            EndKind::Completed => Status::Completed,
            EndKind::Failed => Status::Failed,
            EndKind::Cancelled => Status::Cancelled,
        };
        entry.holder = None;
        entry.ended_by = by;
        entry.events += 1;
        let session = entry.key.session;
        self.next(session)
    }

    pub(super) fn accept(&mut self, key: ExecutionKey) -> Answer {
        if self.is_closed(key.session) && self.entry(key.execution).is_none() {
            return Answer::SessionClosed;
        }
        self.record(key);
        Answer::Done
    }

    fn record(&mut self, key: ExecutionKey) -> usize {
        self.place(key.execution).unwrap_or_else(|| {
            self.entries.push(Entry::new(key));
            self.entries.len() - 1
        })
    }

    pub(super) fn dispatched(&mut self, key: ExecutionKey) -> Answer {
        if let Some(place) = self.place(key.execution) {
            self.entries[place].dispatched = true;
        }
        Answer::Done
    }

    pub(super) fn claim(&mut self, key: ExecutionKey, token: Uuid) -> Answer {
        let place = self.record(key);
        let closed = self.is_closed(key.session);
        let is_head = self.alive(key.session).next().map(|head| head.key) == Some(key);
        let entry = &mut self.entries[place];
        let again = entry.holder.as_ref().map(|holder| holder.token) == Some(token);
        match entry.status {
            Status::Running if again => Answer::Run,
            Status::Running => Answer::RunningElsewhere,
            Status::Pending if closed => Answer::SessionClosed,
            Status::Pending if !is_head => Answer::SessionBusy,
            Status::Pending => {
                entry.begin(token);
                Answer::Run
            }
            _ => Answer::Ended,
        }
    }

    /// `again`: the same batch as last time.
    pub(super) fn append(&mut self, lease: &Lease, again: bool) -> Answer {
        let Some(entry) = self.held(lease) else {
            return Answer::Lost;
        };
        if !again {
            entry.events += 1;
            entry.messages += 1;
        }
        Answer::Done
    }

    /// `lapses`: it is over at once, and may still be renewed before anybody takes it away.
    pub(super) fn renew(&mut self, lease: &Lease, lapses: bool) -> Answer {
        let closed = self.is_closed(lease.key.session);
        let closed = closed.then_some(CancelReason::SessionClosed);
        let Some(entry) = self.held(lease) else {
            return Answer::Lost;
        };
        match &mut entry.holder {
            Some(holder) if !holder.released => {
                holder.lapsed = lapses;
                Answer::Held(entry.cancel.or(closed))
            }
            _ => Answer::Lost,
        }
    }

    pub(super) fn release(&mut self, lease: &Lease) -> Answer {
        let holder = self.held(lease).and_then(|entry| entry.holder.as_mut());
        let Some(holder) = holder else {
            return Answer::Lost;
        };
        (holder.released, holder.lapsed) = (true, true);
        Answer::Done
    }

    pub(super) fn finish(&mut self, lease: &Lease, kind: EndKind) -> Answer {
        let Some(place) = self.place(lease.key.execution) else {
            return Answer::Lost;
        };
        if self.entries[place].ended_by == Some(lease.token) {
            return self.next(lease.key.session);
        }
        if self.held(lease).is_none() {
            return Answer::Lost;
        }
        self.end(place, kind, Some(lease.token))
    }

    pub(super) fn cancel(&mut self, key: ExecutionKey, reason: CancelReason) -> Answer {
        let Some(place) = self.place(key.execution) else {
            return Answer::NothingToDo;
        };
        match self.entries[place].status {
            Status::Pending => self.end(place, EndKind::Cancelled, None),
            Status::Running => {
                self.entries[place].cancel.get_or_insert(reason);
                Answer::Asked
            }
            _ => Answer::Ended,
        }
    }

    pub(super) fn withdraw(&mut self, key: ExecutionKey) -> Answer {
        let Some(place) = self.place(key.execution) else {
            return Answer::NothingToDo;
        };
        match &self.entries[place] {
            entry if entry.attempts > 0 => Answer::Taken,
            entry if entry.status == Status::Pending => self.end(place, EndKind::Failed, None),
            _ => Answer::NothingToDo,
        }
    }

    pub(super) fn close(&mut self, session: SessionId) -> Answer {
        if !self
            .entries
            .iter()
            .any(|entry| entry.key.session == session)
        {
            return Answer::NothingToDo;
        }
        self.closed.push(session);
        let alive = self.alive(session);
        Answer::Alive(alive.map(|entry| entry.key.execution).collect())
    }

    /// `kind` is how it ends; none gives it back.
    pub(super) fn reap(&mut self, lease: &Lease, kind: Option<EndKind>) -> Answer {
        let closed = self.is_closed(lease.key.session);
        let Some(entry) = self.held(lease).filter(|entry| entry.is_lost()) else {
            return Answer::NotLost;
        };
        if let Some(kind) = kind {
            let place = self.place(lease.key.execution);
            return place.map_or(Answer::NotLost, |place| self.end(place, kind, None));
        }
        if closed {
            entry.cancel.get_or_insert(CancelReason::SessionClosed);
        }
        if entry.cancel.is_some() {
            return Answer::NotLost;
        }
        entry.give_back();
        Answer::Requeued
    }
}
