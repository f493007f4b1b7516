//! Which execution a client's Idempotency-Key stands for.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::digest::digest;
use crate::error::Unavailable;
use crate::id::ExecutionKey;

pub mod memory;
pub mod redis;

/// How long a key stands for its execution.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The keys. Each is written before its execution is, so that what a crash leaves behind is found by the key.
///
/// A key is in flight until it is settled, and held by one holder at a time, on the engine's own clock. When a hold has
/// run out, the next to ask takes the key over with the ids that are written already. Every operation is atomic and safe
/// to repeat.
#[async_trait]
pub trait IdempotencyKeys: Send + Sync {
    /// Reserves a key that is free for these ids, or tells what it stands for.
    ///
    /// A key that nobody settled while the record of an execution is kept counts as settled: whether its execution was
    /// ever recorded cannot be found out any more.
    async fn reserve(
        &self,
        key: &IdempotencyKey,
        fingerprint: &str,
        ids: ExecutionKey,
        holder: Holder,
    ) -> Result<Reservation, Unavailable>;

    /// Holds a key for longer; `false` where it is not the holder's any more, or settled.
    async fn hold(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable>;

    /// Notes for [`KEPT`] that the key's execution was accepted; `false` where the key is not the holder's any more.
    async fn settle(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable>;

    /// Makes a key free again, if it is the holder's and not settled.
    async fn free(&self, key: &IdempotencyKey, holder: Holder) -> Result<(), Unavailable>;
}

/// A client's key, together with whose it is: the same text of two callers is two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// `key` holds no NUL, so that no two pairs are one.
    #[must_use]
    pub fn new(caller: &str, key: &str) -> Self {
        Self(digest(&format!("{caller}\0{key}")))
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who wants to hold a key.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// Known to the holder alone; the same when an answer was lost.
    pub token: Uuid,
    /// How long the hold shall be, from now on.
    pub length: Duration,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// It was free, and is reserved for the ids that were given.
    Mine,
    /// Its holder did not settle it in time: it is reserved for these ids, which may be recorded and queued already.
    TakenOver(ExecutionKey),
    /// Somebody else holds it.
    InFlight,
    /// It is settled.
    Done(ExecutionKey),
    /// It was given for something else.
    Conflict,
}
