//! What the record should hold of one execution.

use longshore_shared::execution::{CancelReason, Status};
use longshore_shared::id::ExecutionKey;
use uuid::Uuid;

/// Its status, its lease, and how much is on its log.
pub(in super::super) struct Entry {
    pub(in super::super) key: ExecutionKey,
    pub(in super::super) status: Status,
    pub(in super::super) attempts: u32,
    pub(in super::super) messages: u64,
    pub(in super::super) events: usize,
    pub(in super::super) dispatched: bool,
    pub(super) holder: Option<Holder>,
    /// Whose end it was.
    pub(super) ended_by: Option<Uuid>,
    pub(super) cancel: Option<CancelReason>,
}

/// Whose lease counts.
pub(super) struct Holder {
    pub(super) token: Uuid,
    pub(super) released: bool,
    /// It may be taken away.
    pub(super) lapsed: bool,
}

impl Entry {
    pub(super) fn new(key: ExecutionKey) -> Self {
        Self {
            key,
            status: Status::Pending,
            attempts: 0,
            messages: 0,
            events: 0,
            dispatched: false,
            holder: None,
            ended_by: None,
            cancel: None,
        }
    }

    pub(super) fn begin(&mut self, token: Uuid) {
        self.status = Status::Running;
        self.attempts += 1;
        self.events += 1;
        self.dispatched = true;
        self.holder = Some(Holder {
            token,
            released: false,
            lapsed: false,
        });
    }

    pub(super) fn give_back(&mut self) {
        self.status = Status::Pending;
        self.events += 1;
        self.dispatched = false;
        self.holder = None;
    }

    /// Whether its lease may be taken away.
    pub(super) fn is_lost(&self) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.lapsed)
    }
}
