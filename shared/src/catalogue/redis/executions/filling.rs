//! A page of executions while it is filled, and its bounds.

use crate::catalogue::{ExecutionCursor, ExecutionPage, ExecutionQuery, PAGE_BYTES};
use crate::execution::{Execution, Status};

/// Places that one page looks at, at most.
const MOST: usize = 4_000;

/// A page that is being filled.
pub(super) struct Filling<'a> {
    query: &'a ExecutionQuery,
    cursor: Option<ExecutionCursor>,
    executions: Vec<Execution>,
    /// Places given to executions, also to those that turn out to be gone.
    taken: usize,
    bytes: usize,
    looked_at: usize,
    full: bool,
}

impl<'a> Filling<'a> {
    pub(super) fn new(query: &'a ExecutionQuery) -> Self {
        Self {
            query,
            cursor: query.after,
            executions: Vec::new(),
            taken: 0,
            bytes: 0,
            looked_at: 0,
            full: false,
        }
    }

    /// Whether one more is known to follow, or it has looked at enough. Taking as many as it may hold is not enough:
    /// whether anything follows is for its cursor to say.
    pub(super) fn is_full(&self) -> bool {
        self.full || self.looked_at >= MOST
    }

    /// Whether the query asks for this status.
    pub(super) fn wants(&self, status: Status) -> bool {
        self.query.status.is_none_or(|wanted| wanted == status)
    }

    /// Takes room for one more execution, if there is any.
    pub(super) fn take_room(&mut self, bytes: usize) -> bool {
        let fits = self.taken == 0 || self.bytes + bytes <= PAGE_BYTES;
        if self.taken == self.query.limit || !fits {
            self.full = true;
            return false;
        }
        self.taken += 1;
        self.bytes += bytes;
        true
    }

    /// Notes that a place was looked at.
    pub(super) fn pass(&mut self, cursor: ExecutionCursor) {
        self.cursor = Some(cursor);
        self.looked_at += 1;
    }

    /// Behind what was looked at last.
    pub(super) fn cursor(&self) -> Option<ExecutionCursor> {
        self.cursor
    }

    /// Whether everything up to this place was looked at.
    pub(super) fn is_past(&self, place: Option<ExecutionCursor>) -> bool {
        place.is_none_or(|place| self.cursor == Some(place))
    }

    /// Shows an execution, unless its status has changed meanwhile.
    pub(super) fn put(&mut self, execution: Execution) {
        if self.wants(execution.status) {
            self.executions.push(execution);
        } else {
            self.taken -= 1;
        }
    }

    pub(super) fn done(self) -> ExecutionPage {
        ExecutionPage {
            executions: self.executions,
            next: None,
        }
    }

    pub(super) fn continued(self) -> ExecutionPage {
        ExecutionPage {
            executions: self.executions,
            next: self.cursor,
        }
    }
}
