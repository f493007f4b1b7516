//! The way to Redis: multiplexed connections for the hot paths and for pages, a pool for the lists, one subscriber for all.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{Manager, Pool, Runtime};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, Pipeline, RedisResult, Script,
    ServerErrorKind,
};

use crate::config::InvalidSetting;
use crate::error::Unavailable;

mod hub;
mod keys;
mod script;

pub(crate) use hub::Hub;
pub(crate) use keys::Keys;
pub(crate) use script::{Scripts, on, on_session};

/// A cheap handle.
#[derive(Clone)]
pub(crate) struct Redis {
    inner: Arc<Inner>,
}

struct Inner {
    hot: ConnectionManager,
    pages: ConnectionManager,
    pool: Pool,
    hub: Hub,
    keys: Keys,
    scripts: Scripts,
}

/// What one answer may take. The library's default of 500 ms is shorter than a slow fsync; the command may have run
/// all the same, so everything sent here is safe to repeat.
const RESPONSE: Duration = Duration::from_secs(5);

/// What a caller waits at most, reconnecting included.
const CALL: Duration = Duration::from_secs(6);

/// The longest pause between attempts to connect.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Connections for the lists, whose answers are the largest.
const POOL: usize = 8;

impl Redis {
    /// Connects in the background, and again whenever the connection is lost. Must be called inside a runtime.
    pub(crate) fn open(url: &str, namespace: &str) -> Result<Self, InvalidSetting> {
        let wrong = |error: redis::RedisError| InvalidSetting::new("--redis-url", error);
        let client = Client::open(url).map_err(wrong)?;
        // Retries without limit: with the default six, a manager is dead for ever after a longer outage.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(usize::MAX)
            .set_max_delay(MAX_PAUSE)
            .set_connection_timeout(Some(RESPONSE))
            .set_response_timeout(Some(RESPONSE));
        let connection = || {
            let connection =
                ConnectionManager::new_lazy_with_config(client.clone(), config.clone());
            connection.map_err(wrong)
        };
        let (hot, pages) = (connection()?, connection()?);
        let keys = Keys::new(namespace);
        let hub = Hub::start(client, hot.clone(), keys.clone());
        let inner = Inner {
            hot,
            pages,
            pool: pool(url)?,
            hub,
            keys,
            scripts: Scripts::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The multiplexed connection.
    pub(crate) fn hot(&self) -> ConnectionManager {
        self.inner.hot.clone()
    }

    /// A multiplexed connection for reads of records and of pages of events, which would hold up the hot one behind large
    /// answers. Thousands of clients that come back at once ask on it one behind the other, where a pool would make them
    /// wait for a connection, and each would cost a round trip more to see whether it is alive.
    pub(crate) fn pages(&self) -> ConnectionManager {
        self.inner.pages.clone()
    }

    /// A connection of the pool.
    pub(crate) async fn pooled(&self) -> Result<deadpool_redis::Connection, Unavailable> {
        bounded(async { self.inner.pool.get().await.map_err(Unavailable::redis) }).await
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

    /// How long ago this Redis was started.
    pub(crate) async fn up_for(&self) -> Result<Duration, Unavailable> {
        let mut hot = self.hot();
        let mut info = redis::cmd("INFO");
        info.arg("server");
        let told: redis::InfoDict = call(info.query_async(&mut hot)).await?;
        let seconds = told.get("uptime_in_seconds");
        let seconds = seconds.ok_or_else(|| Unavailable::redis("it does not tell its uptime"))?;
        Ok(Duration::from_secs(seconds))
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

fn pool(url: &str) -> Result<Pool, InvalidSetting> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(RESPONSE))
        .set_response_timeout(Some(RESPONSE));
    let manager = Manager::new_with_config(url, config)
        .map_err(|error| InvalidSetting::new("--redis-url", error))?;
    Pool::builder(manager)
        .max_size(POOL)
        .wait_timeout(Some(RESPONSE))
        .create_timeout(Some(RESPONSE))
        .recycle_timeout(Some(RESPONSE))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| InvalidSetting::new("--redis-url", error))
}
