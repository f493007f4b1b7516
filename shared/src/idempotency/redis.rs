//! The keys in Redis: one hash a key, changed by one Lua script per operation.

use std::time::Duration;

use async_trait::async_trait;
use redis::{FromRedisValue, Script, ScriptInvocation};

use super::{Holder, IdempotencyKey, IdempotencyKeys, KEPT, Reservation};
use crate::error::Unavailable;
use crate::id::ExecutionKey;
use crate::redis::{Redis, call, millis};

/// A cheap handle.
pub struct RedisIdempotency {
    redis: Redis,
    /// How long an ended execution is still found.
    recorded: Duration,
}

impl RedisIdempotency {
    pub(crate) fn new(redis: Redis, recorded: Duration) -> Self {
        Self { redis, recorded }
    }

    fn on<'a>(&self, script: &'a Script, key: &IdempotencyKey) -> ScriptInvocation<'a> {
        script.key(self.redis.keys().idempotency(key.as_str()))
    }

    async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let mut hot = self.redis.hot();
        call(script.invoke_async(&mut hot)).await
    }
}

#[async_trait]
impl IdempotencyKeys for RedisIdempotency {
    async fn reserve(
        &self,
        key: &IdempotencyKey,
        fingerprint: &str,
        ids: ExecutionKey,
        holder: Holder,
    ) -> Result<Reservation, Unavailable> {
        let mut reserve = self.on(&self.redis.scripts().reserve_key, key);
        reserve
            .arg(fingerprint)
            .arg(ids.to_string())
            .arg(holder.token.to_string())
            .arg(millis(holder.length))
            .arg(millis(KEPT))
            .arg(millis(self.recorded));
        let (verdict, written): (String, String) = self.invoke(&reserve).await?;
        let written = || written.parse().map_err(Unavailable::redis);
        Ok(match verdict.as_str() {
            "mine" => Reservation::Mine,
            "taken_over" => Reservation::TakenOver(written()?),
            "done" => Reservation::Done(written()?),
            "conflict" => Reservation::Conflict,
            _ => Reservation::InFlight,
        })
    }

    async fn hold(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        let mut hold = self.on(&self.redis.scripts().hold_key, key);
        hold.arg(holder.token.to_string())
            .arg(millis(holder.length));
        self.invoke(&hold).await
    }

    async fn settle(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        let mut settle = self.on(&self.redis.scripts().settle_key, key);
        settle.arg(holder.token.to_string()).arg(millis(KEPT));
        self.invoke(&settle).await
    }

    async fn free(&self, key: &IdempotencyKey, holder: Holder) -> Result<(), Unavailable> {
        let mut free = self.on(&self.redis.scripts().free_key, key);
        free.arg(holder.token.to_string());
        let _: i64 = self.invoke(&free).await?;
        Ok(())
    }
}
