//! What can go wrong at the seams, named by what the caller can do about it.

use crate::id::EventId;

/// The engine behind a seam did not do it, or did not say whether it did: try again later.
///
/// The operation may have happened. Every operation of the seams is safe to repeat.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{engine} is unavailable: {cause}")]
pub struct Unavailable {
    /// `redis` or `rabbitmq`.
    pub engine: &'static str,
    /// For the log, never for a client.
    pub cause: String,
}

impl Unavailable {
    /// The store or the log.
    pub fn redis(cause: impl ToString) -> Self {
        Self {
            engine: "redis",
            cause: cause.to_string(),
        }
    }

    /// The queue.
    pub fn rabbitmq(cause: impl ToString) -> Self {
        Self {
            engine: "rabbitmq",
            cause: cause.to_string(),
        }
    }
}

/// Why an execution was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// No such session in that workspace.
    #[error("no such session")]
    SessionNotFound,
    /// The session takes nothing more.
    #[error("the session is closed")]
    SessionClosed,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a page of a list was not given.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor belongs to another list, or what it needs is no longer kept: begin at the first page.
    #[error("the cursor is not, or no longer, one of this list")]
    InvalidCursor,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a job was not taken by the queue.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The queue is at its maximum: try again when there is room.
    #[error("the queue is full")]
    Full,
    /// The queue does not exist; it is declared again when the connection is next opened.
    #[error("the queue does not exist")]
    Unroutable,
    /// Try again later; the job may have been queued.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why events were not appended, or a lease not kept.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The execution ended or belongs to another attempt: stop at once, write nothing more.
    #[error("the lease is lost")]
    Lost,
    /// The log has lost events that it had, and ends with this one: append again what followed it.
    #[error("the log has lost its end")]
    Behind(Option<EventId>),
    /// Try again; repeating is harmless.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
