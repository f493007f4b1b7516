//! The fleet in Redis: everything in one slot, each operation one Lua script on Redis's own clock.

use async_trait::async_trait;
use redis::{FromRedisValue, ScriptInvocation};
use tracing::warn;
use uuid::Uuid;

use super::{Fleet, LISTED, MINUTES, Minute, Tally, Worker, WorkerReport};
use crate::error::Unavailable;
use crate::redis::{Redis, call, millis};
use crate::timestamp::Timestamp;

/// A cheap handle.
pub struct RedisFleet {
    redis: Redis,
}

impl RedisFleet {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }

    async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let mut pages = self.redis.pages();
        call(script.invoke_async(&mut pages)).await
    }
}

#[async_trait]
impl Fleet for RedisFleet {
    async fn report(&self, report: &WorkerReport) -> Result<(), Unavailable> {
        let text = serde_json::to_string(report).map_err(Unavailable::redis)?;
        let keys = self.redis.keys();
        let mut tell = self.redis.scripts().fleet_report.key(keys.fleet());
        tell.arg(&report.worker_id).arg(text).arg(millis(LISTED));
        self.invoke::<()>(&tell).await
    }

    async fn leave(&self, worker: &str) -> Result<(), Unavailable> {
        let keys = self.redis.keys();
        let mut leave = self.redis.scripts().fleet_leave.key(keys.fleet());
        leave.arg(worker);
        self.invoke::<()>(&leave).await
    }

    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        let keys = self.redis.keys();
        let mut list = self.redis.scripts().fleet_workers.key(keys.fleet());
        list.arg(millis(LISTED));
        let listed: Vec<(String, i64)> = self.invoke(&list).await?;
        let mut workers: Vec<_> = listed.iter().filter_map(read).collect();
        super::by_start(&mut workers);
        Ok(workers)
    }

    async fn count(&self, counter: Uuid, number: u64, tally: &Tally) -> Result<(), Unavailable> {
        let keys = self.redis.keys();
        let mut count = self.redis.scripts().fleet_count.key(keys.fleet());
        count.arg(counter.to_string()).arg(number);
        // What is older than it counts may be sent again for as long as a counter is kept.
        count.arg(2 * MINUTES * 60_000);
        for (name, more) in tally.fields() {
            count.arg(name).arg(more);
        }
        self.invoke::<()>(&count).await
    }

    async fn history(&self) -> Result<Vec<Minute>, Unavailable> {
        let keys = self.redis.keys();
        let mut history = self.redis.scripts().fleet_history.key(keys.fleet());
        history.arg(MINUTES);
        let minutes: Vec<(i64, Vec<(String, u64)>)> = self.invoke(&history).await?;
        Ok(minutes.into_iter().map(minute).collect())
    }
}

/// What a worker of another version says in a way that is not understood is left out.
fn read((text, at): &(String, i64)) -> Option<Worker> {
    match serde_json::from_str(text) {
        Ok(report) => Some(Worker {
            report,
            last_heartbeat_at: Timestamp(*at),
        }),
        Err(error) => {
            warn!(%error, "a worker reports something else");
            None
        }
    }
}

fn minute((number, fields): (i64, Vec<(String, u64)>)) -> Minute {
    let mut tally = Tally::default();
    for (name, count) in fields {
        tally.add_field(&name, count);
    }
    Minute {
        at: Timestamp(number * 60_000),
        tally,
    }
}
