//! Redis, one node or many: multiplexed connections for the hot paths and for pages, a pool for the lists, one subscriber
//! for all.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, FromRedisValue, Pipeline, RedisResult, Script, ServerErrorKind, Value};

use self::connection::Connection;
use self::node::Use;
use self::way::{Listing, Way};
use crate::config::InvalidSetting;
use crate::error::Unavailable;

mod address;
mod cluster;
mod connection;
mod hub;
mod keys;
mod node;
mod script;
mod sentinel;
mod way;

pub(crate) use address::Address;
pub(crate) use hub::Hub;
pub(crate) use keys::Keys;
pub(crate) use script::{Scripts, on, on_session};

/// A cheap handle.
#[derive(Clone)]
pub(crate) struct Redis {
    inner: Arc<Inner>,
}

struct Inner {
    way: Way,
    hub: Hub,
    keys: Keys,
    scripts: Scripts,
}

/// What one answer may take. The library's default of 500 ms is shorter than a slow fsync; the command may have run
/// all the same, so everything sent here is safe to repeat.
const RESPONSE: Duration = Duration::from_secs(5);

/// What a caller waits at most, reconnecting included.
const CALL: Duration = Duration::from_secs(6);

impl Redis {
    /// Connects in the background, and again whenever the connection is lost. Must be called inside a runtime.
    pub(crate) fn open(address: &Address, namespace: &str) -> Result<Self, InvalidSetting> {
        let way = Way::open(address).map_err(|error| InvalidSetting::new("--redis-url", error))?;
        let keys = Keys::new(namespace);
        let inner = Inner {
            hub: Hub::start(way.clone(), keys.clone()),
            way,
            keys,
            scripts: Scripts::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The multiplexed connection.
    pub(crate) fn hot(&self) -> Connection {
        self.inner.way.connection(Use::Hot)
    }

    /// A multiplexed connection for reads of records and of pages of events, which would hold up the hot one behind large
    /// answers. Thousands of clients that come back at once ask on it one behind the other, where a pool would make them
    /// wait for a connection, and each would cost a round trip more to see whether it is alive.
    pub(crate) fn pages(&self) -> Connection {
        self.inner.way.connection(Use::Pages)
    }

    /// Answers a pipeline of reads, whose answers may be large.
    pub(crate) async fn list<T: FromRedisValue>(&self, reads: &Pipeline) -> Result<T, Unavailable> {
        match bounded(self.inner.way.listing()).await? {
            Listing::Pooled(mut connection) => call(reads.query_async(&mut connection)).await,
            Listing::Shared(mut connection) => call(reads.query_async(&mut connection)).await,
        }
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn scripts(&self) -> &Scripts {
        &self.inner.scripts
    }

    /// Answers a pipeline that invokes these scripts. Where Redis does not know them yet it is given them, and the whole
    /// pipeline once more.
    pub(crate) async fn pipeline<T: FromRedisValue>(
        &self,
        pipe: &Pipeline,
        scripts: &[&Script],
    ) -> Result<T, Unavailable> {
        let mut hot = self.hot();
        call(async {
            match pipe.query_async(&mut hot).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {}
                answered => return answered,
            }
            for script in scripts {
                script.prepare_invoke().load_async(&mut hot).await?;
            }
            pipe.query_async(&mut hot).await
        })
        .await
    }

    /// How long ago this Redis was started; of several nodes the last one.
    pub(crate) async fn up_for(&self) -> Result<Duration, Unavailable> {
        let mut hot = self.hot();
        let mut info = redis::cmd("INFO");
        info.arg("server");
        let told: Value = call(info.query_async(&mut hot)).await?;
        let nodes = match told {
            // A cluster's nodes tell it each.
            Value::Map(nodes) => nodes.into_iter().map(|(_, told)| told).collect(),
            told => vec![told],
        };
        let uptimes = nodes.into_iter().map(|told| {
            let told: redis::InfoDict = redis::from_redis_value(told).ok()?;
            told.get::<u64>("uptime_in_seconds")
        });
        let seconds: Option<Vec<u64>> = uptimes.collect();
        let least = seconds.and_then(|seconds| seconds.into_iter().min());
        let least = least.ok_or_else(|| Unavailable::redis("it does not tell its uptime"))?;
        Ok(Duration::from_secs(least))
    }

    /// Whether Redis answers.
    pub(crate) async fn ping(&self) -> Result<(), Unavailable> {
        let mut hot = self.hot();
        call(async move { redis::cmd("PING").query_async(&mut hot).await }).await
    }
}

/// Waits for an answer of Redis, within bounds.
pub(crate) async fn call<T>(
    command: impl Future<Output = RedisResult<T>>,
) -> Result<T, Unavailable> {
    bounded(async { command.await.map_err(Unavailable::redis) }).await
}

async fn bounded<T>(work: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
    match tokio::time::timeout(CALL, work).await {
        Ok(result) => result,
        Err(_) => Err(Unavailable::redis("no answer in time")),
    }
}

/// A duration as scripts and commands take it.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
