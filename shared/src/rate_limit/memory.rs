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
        let full_at = buckets.get_mut(caller).map_or(now, |at| now.max(*at));
        let after = full_at + limit.refill();
        let taken = after - now <= limit.depth();
        if !taken {
            return Ok(Quota::new(limit, taken, now, full_at));
        }
        buckets.insert(caller, after, Duration::from_micros(after - now));
        Ok(Quota::new(limit, taken, now, after))
    }
}

/// µs since 1970.
fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(0))
}
