//! The keys in memory: for `longshore dev` and tests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Holder, IdempotencyKey, IdempotencyKeys, KEPT, Reservation};
use crate::error::Unavailable;
use crate::expiring::Expiring;
use crate::id::ExecutionKey;

/// Keys of this process.
pub struct MemoryIdempotency {
    keys: Mutex<Expiring<Entry>>,
    /// How long an ended execution is still found.
    recorded: Duration,
}

struct Entry {
    fingerprint: String,
    ids: ExecutionKey,
    holder: Uuid,
    reserved: Instant,
    held_until: Instant,
    settled: bool,
}

impl MemoryIdempotency {
    /// No keys. `recorded` is how long an ended execution is still found.
    #[must_use]
    pub fn new(recorded: Duration) -> Self {
        Self {
            keys: Mutex::default(),
            recorded,
        }
    }

    /// The sections under this lock do not panic half way, so a poisoned one is still whole.
    fn keys(&self) -> MutexGuard<'_, Expiring<Entry>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new(fingerprint: &str, ids: ExecutionKey, holder: Holder) -> Self {
        let now = Instant::now();
        Self {
            fingerprint: fingerprint.to_owned(),
            ids,
            holder: holder.token,
            reserved: now,
            held_until: now + holder.length,
            settled: false,
        }
    }

    /// What the key stands for, for somebody who wants it.
    fn ask(&mut self, ids: ExecutionKey, holder: Holder, recorded: Duration) -> Reservation {
        let now = Instant::now();
        let again = self.holder == holder.token;
        if self.settled {
            Reservation::Done(self.ids)
        } else if !again && now < self.held_until {
            Reservation::InFlight
        } else if now - self.reserved >= recorded {
            Reservation::Done(self.ids)
        } else {
            (self.holder, self.held_until) = (holder.token, now + holder.length);
            if again && self.ids == ids {
                Reservation::Mine
            } else {
                Reservation::TakenOver(self.ids)
            }
        }
    }

    fn is_held_by(&self, holder: Holder) -> bool {
        self.holder == holder.token && !self.settled
    }
}

#[async_trait]
impl IdempotencyKeys for MemoryIdempotency {
    async fn reserve(
        &self,
        key: &IdempotencyKey,
        fingerprint: &str,
        ids: ExecutionKey,
        holder: Holder,
    ) -> Result<Reservation, Unavailable> {
        let mut keys = self.keys();
        match keys.get_mut(key.as_str()) {
            None => {
                let entry = Entry::new(fingerprint, ids, holder);
                keys.insert(key.as_str(), entry, KEPT);
                Ok(Reservation::Mine)
            }
            Some(entry) if entry.fingerprint != fingerprint => Ok(Reservation::Conflict),
            Some(entry) => Ok(entry.ask(ids, holder, self.recorded)),
        }
    }

    async fn hold(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        let mut keys = self.keys();
        let Some(entry) = keys.get_mut(key.as_str()) else {
            return Ok(false);
        };
        let held = entry.is_held_by(holder);
        if held {
            entry.held_until = Instant::now() + holder.length;
        }
        Ok(held)
    }

    async fn settle(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        let mut keys = self.keys();
        let entry = keys.get_mut(key.as_str());
        let Some(entry) = entry.filter(|entry| entry.holder == holder.token) else {
            return Ok(false);
        };
        entry.settled = true;
        keys.expire(key.as_str(), KEPT);
        Ok(true)
    }

    async fn free(&self, key: &IdempotencyKey, holder: Holder) -> Result<(), Unavailable> {
        let mut keys = self.keys();
        let entry = keys.get_mut(key.as_str());
        if entry.is_some_and(|entry| entry.is_held_by(holder)) {
            keys.remove(key.as_str());
        }
        Ok(())
    }
}
