//! The buckets in memory: for `longshore dev` and tests.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use super::{Limit, Quota, RateLimiter};
use crate::error::Unavailable;
use crate::expiring::Expiring;

/// Buckets of this process, each as the time at which it is full.
#[derive(Default)]
pub struct MemoryLimiter {
    buckets: Mutex<Expiring<u64>>,
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn take(&self, caller: &str, limit: Limit) -> Result<Quota, Unavailable> {
        // The sections under this lock do not panic half way, so a poisoned one is still whole.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = micros();
        let noted = buckets.get_mut(caller).map_or(now, |at| *at);
        // No bucket is emptier than empty, whatever the limit or the clock was when this was noted.
        let full_at = noted.clamp(now, now + limit.depth());
        let taken = full_at + limit.refill() - now <= limit.depth();
        let after = full_at + if taken { limit.refill() } else { 0 };
        if taken || full_at < noted {
            buckets.insert(caller, after, Duration::from_micros(after - now));
        }
        Ok(Quota::new(limit, taken, now, after))
    }
}

/// µs since 1970.
fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(0))
}
