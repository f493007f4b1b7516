//! One Redis, which is all of it or the master of the moment.

use std::time::Duration;

use deadpool_redis::{Manager, Pool, Runtime};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncConnectionConfig, Client, RedisResult};

use super::RESPONSE;

/// The longest pause between attempts to connect.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Connections for the lists, whose answers are the largest.
const POOL: usize = 8;

/// Which of a node's connections.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Hot,
    Pages,
}

/// The connections to it, each made in the background, and again whenever it is lost.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) client: Client,
    hot: ConnectionManager,
    pages: ConnectionManager,
    pub(super) pool: Pool,
}

impl Node {
    /// Must be called inside a runtime.
    pub(super) fn open(client: Client) -> RedisResult<Self> {
        // Retries without limit: with the default six, a manager is dead for ever after a longer outage.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(usize::MAX)
            .set_max_delay(MAX_PAUSE)
            .set_connection_timeout(Some(RESPONSE))
            .set_response_timeout(Some(RESPONSE));
        let connection = || ConnectionManager::new_lazy_with_config(client.clone(), config.clone());
        Ok(Self {
            hot: connection()?,
            pages: connection()?,
            pool: pool(&client)?,
            client,
        })
    }

    pub(super) fn connection(&self, which: Use) -> ConnectionManager {
        match which {
            Use::Hot => self.hot.clone(),
            Use::Pages => self.pages.clone(),
        }
    }
}

fn pool(client: &Client) -> RedisResult<Pool> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(RESPONSE))
        .set_response_timeout(Some(RESPONSE));
    let manager = Manager::new_with_config(client.get_connection_info().clone(), config)?;
    let pool = Pool::builder(manager)
        .max_size(POOL)
        .wait_timeout(Some(RESPONSE))
        .create_timeout(Some(RESPONSE))
        .recycle_timeout(Some(RESPONSE))
        .runtime(Runtime::Tokio1)
        .build();
    Ok(pool.expect("the timeouts have the runtime that they need"))
}
