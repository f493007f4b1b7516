//! The one place that chooses between memory and cluster.

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::catalogue::redis::RedisCatalogue;
use crate::config::{ClusterSettings, InvalidSetting};
use crate::event_log::EventLog;
use crate::event_log::redis::RedisLog;
use crate::fleet::Fleet;
use crate::fleet::memory::MemoryFleet;
use crate::fleet::redis::RedisFleet;
use crate::idempotency::IdempotencyKeys;
use crate::idempotency::memory::MemoryIdempotency;
use crate::idempotency::redis::RedisIdempotency;
use crate::queue::memory::MemoryQueue;
use crate::queue::rabbitmq::RabbitQueue;
use crate::queue::{JobQueue, PARKED_FOR};
use crate::rate_limit::RateLimiter;
use crate::rate_limit::memory::MemoryLimiter;
use crate::rate_limit::redis::RedisLimiter;
use crate::redis::{Address, Redis};
use crate::store::memory::MemoryStore;
use crate::store::redis::RedisStore;
use crate::store::{ExecutionStore, Retention};
use crate::tls;

/// The engines that a program works with. Cheap to clone.
#[derive(Clone)]
pub struct Backends {
    /// The jobs.
    pub queue: Arc<dyn JobQueue>,
    /// The record.
    pub store: Arc<dyn ExecutionStore>,
    /// The events.
    pub log: Arc<dyn EventLog>,
    /// The lists.
    pub catalogue: Arc<dyn Catalogue>,
    /// The callers' buckets.
    pub limiter: Arc<dyn RateLimiter>,
    /// The keys of requests that may come again.
    pub idempotency: Arc<dyn IdempotencyKeys>,
    /// The workers, and the charts.
    pub fleet: Arc<dyn Fleet>,
}

/// Jobs that wait in memory at most.
const MEMORY_QUEUE: usize = 100_000;

impl Backends {
    /// Backends in this process, which lose everything with it.
    #[must_use]
    pub fn memory(retention: Retention) -> Self {
        let store = MemoryStore::new(retention);
        Self {
            queue: Arc::new(MemoryQueue::new(MEMORY_QUEUE, PARKED_FOR)),
            store: Arc::new(store.clone()),
            log: Arc::new(store.clone()),
            catalogue: Arc::new(store),
            limiter: Arc::new(MemoryLimiter::default()),
            idempotency: Arc::new(MemoryIdempotency::new(retention.execution)),
            fleet: Arc::new(MemoryFleet::default()),
        }
    }

    /// RabbitMQ and Redis. Returns at once; the connections are made, and made again, in the background.
    ///
    /// # Errors
    /// When an address cannot be one, or a file of the TLS settings cannot be used.
    pub fn cluster(
        settings: &ClusterSettings,
        retention: Retention,
    ) -> Result<Self, InvalidSetting> {
        tls::choose();
        let tls = settings.tls.read()?;
        let address = Address::parse(&settings.redis_url, &tls)?;
        let queue = RabbitQueue::open(&settings.amqp_url, &settings.namespace)?;
        let redis = Redis::open(&address, &settings.namespace)?;
        Ok(Self {
            queue: Arc::new(queue.with_tls(&tls)),
            store: Arc::new(RedisStore::new(redis.clone(), retention)),
            log: Arc::new(RedisLog::new(redis.clone(), retention)),
            catalogue: Arc::new(RedisCatalogue::new(redis.clone(), retention)),
            limiter: Arc::new(RedisLimiter::new(redis.clone())),
            idempotency: Arc::new(RedisIdempotency::new(redis.clone(), retention.execution)),
            fleet: Arc::new(RedisFleet::new(redis)),
        })
    }
}
