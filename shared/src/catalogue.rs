//! What can be listed: executions and sessions, in pages that a client can walk through while everything goes on.

use async_trait::async_trait;
use uuid::Uuid;

use crate::error::{ListError, Unavailable};
use crate::execution::{Execution, Status};
use crate::id::{ExecutionId, ExecutionKey, SessionId, WorkspaceId};
use crate::session::{Session, SessionStatus};

mod cursor;
pub mod memory;
pub mod redis;

pub use cursor::{ExecutionCursor, InvalidCursor, SessionCursor};

/// The lists. What they show is read from the record; what the record has forgotten is not listed.
///
/// A walk from the first page to the last shows everything that existed when the first page was read and still exists,
/// each thing once, whatever changes in between. What comes later may be missing.
///
/// A page may hold less than its limit, even nothing, and still have a `next`: a page looks at a few thousand things
/// at most. Only a page without `next` is the last one.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Executions, the newest first: by their ids, and those of one session by the order in which they were accepted.
    ///
    /// A page holds about 8 MiB at most, and at least one execution. An execution is shown with a status that the query
    /// asked for, and is left out when it has another one by the time it is read.
    async fn executions(&self, query: &ExecutionQuery) -> Result<ExecutionPage, ListError>;

    /// Sessions, the one with the newest activity first, in the order that was true when the first page was read.
    ///
    /// A cursor serves for an hour, or less where sessions change very often. With a status, those are listed that had
    /// it when the first page was read and still have it.
    async fn sessions(&self, query: &SessionQuery) -> Result<SessionPage, ListError>;

    /// The executions of a session in the order in which they were accepted, each with its number in that order, which
    /// counts from 1 and may skip; from after number `after` (exclusive) in the direction of `order`, at most `limit`.
    /// Fewer are the last ones. Where the records of very many have expired, some of those may be among them.
    async fn of_session(
        &self,
        session: SessionId,
        after: Option<u64>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(u64, ExecutionKey)>, Unavailable>;

    /// One bounded step of a walk through everything that is listed or counted: removes what the record has forgotten,
    /// and puts right what a crash left behind. Any number of workers may ask; one of them does it, and while it goes on
    /// asking, at least twice a minute, the others do nothing.
    async fn tidy(&self, walk: &mut Walk) -> Result<Tidied, Unavailable>;
}

/// What the records of a page of executions hold together at most, unless a single one is larger: results can be large.
const PAGE_BYTES: usize = 8 << 20;

/// Whose things are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    All,
    /// Those of these workspaces; of none, nothing.
    Only(Vec<WorkspaceId>),
}

impl Reach {
    /// Whether it holds this workspace.
    #[must_use]
    pub fn holds(&self, workspace: &WorkspaceId) -> bool {
        match self {
            Self::All => true,
            Self::Only(workspaces) => workspaces.contains(workspace),
        }
    }
}

/// A direction in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Ascending,
    /// The newest first.
    Descending,
}

/// Which executions, and from where.
#[derive(Debug, Clone)]
pub struct ExecutionQuery {
    /// Whose.
    pub reach: Reach,
    /// Of this session only; of one outside of the reach, nothing is listed.
    pub session: Option<SessionId>,
    /// In this status only.
    pub status: Option<Status>,
    /// Where the page before ended.
    pub after: Option<ExecutionCursor>,
    /// Executions at most.
    pub limit: usize,
}

/// Some executions.
#[derive(Debug, Clone, Default)]
pub struct ExecutionPage {
    /// The newest first.
    pub executions: Vec<Execution>,
    /// Where the next page begins; `None` where there is none.
    pub next: Option<ExecutionCursor>,
}

/// Which sessions, and from where.
#[derive(Debug, Clone)]
pub struct SessionQuery {
    /// Whose.
    pub reach: Reach,
    /// In this status only.
    pub status: Option<SessionStatus>,
    /// Where the page before ended.
    pub after: Option<SessionCursor>,
    /// Sessions at most.
    pub limit: usize,
}

/// Some sessions.
#[derive(Debug, Clone, Default)]
pub struct SessionPage {
    /// The one with the newest activity first.
    pub sessions: Vec<Session>,
    /// How many there are now of this reach and status, on all pages.
    pub total: u64,
    /// Where the next page begins; `None` where there is none.
    pub next: Option<SessionCursor>,
}

/// What one step of [`Catalogue::tidy`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// How much it changed.
    pub changed: usize,
    /// Whether it has left something that is to be removed, because there was more than a step may do.
    pub is_behind: bool,
}

/// How far a walk of [`Catalogue::tidy`] has come; it begins anew by itself when it has seen everything.
#[derive(Debug, Clone)]
pub struct Walk {
    /// Whose walk it is.
    pub(crate) walker: Uuid,
    /// The last execution it has looked at.
    pub(crate) executions: Option<ExecutionId>,
    /// Redis's own cursor through the sessions.
    pub(crate) sessions: u64,
    /// Redis's own cursor through what is pending.
    pub(crate) pending: u64,
}

impl Default for Walk {
    /// A walk that begins.
    fn default() -> Self {
        Self {
            walker: Uuid::new_v4(),
            executions: None,
            sessions: 0,
            pending: 0,
        }
    }
}

impl Tidied {
    /// What was changed of a thing of which a step does so much at most.
    pub(crate) fn of(changed: usize, most: usize) -> Self {
        Self {
            changed,
            is_behind: changed >= most,
        }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            changed: self.changed + other.changed,
            is_behind: self.is_behind || other.is_behind,
        }
    }
}
