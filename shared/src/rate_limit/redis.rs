//! The buckets in Redis: one key a caller, which goes when the bucket is full.

use async_trait::async_trait;

use super::{Limit, Quota, RateLimiter};
use crate::digest::digest;
use crate::error::Unavailable;
use crate::redis::{Redis, call};

/// A cheap handle.
pub struct RedisLimiter {
    redis: Redis,
}

impl RedisLimiter {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn take(&self, caller: &str, limit: Limit) -> Result<Quota, Unavailable> {
        let key = self.redis.keys().bucket(&digest(caller));
        let mut take = self.redis.scripts().take.key(key);
        take.arg(limit.refill()).arg(limit.depth());
        let mut hot = self.redis.hot();
        let (taken, now, full_at): (bool, u64, u64) = call(take.invoke_async(&mut hot)).await?;
        Ok(Quota::new(limit, taken, now, full_at))
    }
}
