//! How often each caller may do something: a bucket of tokens a caller, shared by all replicas.

use std::num::NonZeroU32;

use async_trait::async_trait;

use crate::error::Unavailable;

pub mod memory;
pub mod redis;

/// The buckets. A new one is full; a full one is forgotten.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes a token out of a caller's bucket, or tells when there will be one.
    ///
    /// Atomic, and on the limiter's own clock: of any number of replicas that ask at once, no more are given a token
    /// than were there. When the answer was lost, a token may be, too. What is refused costs nothing.
    async fn take(&self, caller: &str, limit: Limit) -> Result<Quota, Unavailable>;
}

/// What a bucket holds, and how fast it fills again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Tokens that come back in a minute, evenly. More than 60 million are as many.
    pub per_minute: NonZeroU32,
    /// Tokens in a full bucket.
    pub burst: NonZeroU32,
}

impl Limit {
    /// The µs after which a token comes back.
    fn refill(self) -> u64 {
        (60_000_000 / u64::from(self.per_minute.get())).max(1)
    }

    /// The µs in which an empty bucket becomes full.
    fn depth(self) -> u64 {
        self.refill() * u64::from(self.burst.get())
    }
}

/// What taking did, and how the bucket stands after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Tokens in a full bucket.
    pub limit: u32,
    /// Whole tokens that are there.
    pub remaining: u32,
    /// When the bucket is full again: seconds since 1970, rounded up.
    pub reset_at: u64,
    /// Whether there was a token.
    pub verdict: Verdict,
}

/// Whether there was a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There was one.
    Taken,
    /// There was none.
    Refused {
        /// Seconds after which there is one, unless somebody else takes it; at least 1.
        retry_after: u64,
    },
}

impl Quota {
    /// Reads a bucket that is full at `full_at`. Times are µs since 1970.
    fn new(limit: Limit, taken: bool, now: u64, full_at: u64) -> Self {
        let missing = full_at.saturating_sub(now);
        let remaining = limit.depth().saturating_sub(missing) / limit.refill();
        let wait = (missing + limit.refill()).saturating_sub(limit.depth());
        Self {
            limit: limit.burst.get(),
            // No more than the burst, which is a u32.
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_at: full_at.div_ceil(1_000_000),
            verdict: if taken {
                Verdict::Taken
            } else {
                Verdict::Refused {
                    retry_after: wait.div_ceil(1_000_000).max(1),
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_minute: u32, burst: u32) -> Limit {
        Limit {
            per_minute: NonZeroU32::new(per_minute).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn a_quota_is_rounded_to_what_is_sure() {
        let now = 5_000_000;
        let of = |taken, missing| Quota::new(limit(60, 3), taken, now, now + missing);
        assert_eq!(of(true, 1_000_000).remaining, 2);
        assert_eq!(
            of(true, 1_000_001).remaining,
            1,
            "a part of a token is none"
        );
        assert_eq!(of(true, 1_000_001).reset_at, 7, "at 6.000001 it is full");
        assert_eq!(
            of(false, 2_000_001).verdict,
            Verdict::Refused { retry_after: 1 }
        );
        assert_eq!(
            of(false, 3_000_001).verdict,
            Verdict::Refused { retry_after: 2 }
        );
        assert_eq!(of(false, 3_000_001).remaining, 0);
    }

    #[test]
    fn any_limit_can_be_counted() {
        assert_eq!(limit(u32::MAX, u32::MAX).refill(), 1);
        assert_eq!(limit(1, u32::MAX).depth(), 60_000_000 * u64::from(u32::MAX));
        assert_eq!(limit(7, 1).refill(), 8_571_428);
    }
}
