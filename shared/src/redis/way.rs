//! The three ways to Redis, by what the address says.

use std::sync::Arc;

use redis::aio::PubSub;
use redis::{Client, RedisResult};

use super::address::{Address, Form};
use super::cluster::{Cluster, Order};
use super::connection::Connection;
use super::node::{Node, Use};
use super::sentinel::Sentinel;
use crate::error::Unavailable;

/// A cheap handle.
#[derive(Clone)]
pub(super) enum Way {
    Node(Arc<Node>),
    Sentinel(Sentinel),
    Cluster(Cluster),
}

/// For lists.
pub(crate) enum Listing {
    Pooled(deadpool_redis::Connection),
    Shared(Connection),
}

impl Way {
    /// Returns at once. Must be called inside a runtime.
    pub(super) fn open(address: &Address) -> RedisResult<Self> {
        Ok(match &address.form {
            Form::Node => {
                let client = address.client(address.hosts[0].clone())?;
                Self::Node(Arc::new(Node::open(client)?))
            }
            Form::Sentinel { master, account } => Self::Sentinel(Sentinel::follow(
                address.clone(),
                master.clone(),
                account.clone(),
            )?),
            Form::Cluster => Self::Cluster(Cluster::open(address)?),
        })
    }

    pub(super) fn connection(&self, which: Use) -> Connection {
        match (self, which) {
            (Self::Node(node), which) => Connection::Node(node.connection(which)),
            (Self::Sentinel(sentinel), which) => Connection::Master(sentinel.clone(), which),
            (Self::Cluster(cluster), Use::Hot) => {
                Connection::Cluster(cluster.hot.clone(), Order::Kept)
            }
            (Self::Cluster(cluster), Use::Pages) => {
                Connection::Cluster(cluster.pages.clone(), Order::Kept)
            }
        }
    }

    pub(super) async fn listing(&self) -> Result<Listing, Unavailable> {
        let pool = match self {
            Self::Node(node) => node.pool.clone(),
            Self::Sentinel(sentinel) => sentinel.master().await.pool.clone(),
            Self::Cluster(cluster) => {
                let pages = cluster.pages.clone();
                return Ok(Listing::Shared(Connection::Cluster(pages, Order::Any)));
            }
        };
        pool.get()
            .await
            .map(Listing::Pooled)
            .map_err(Unavailable::redis)
    }

    /// A connection of its own, to subscribe on.
    pub(super) async fn subscriber(&self) -> RedisResult<PubSub> {
        let client: Client = match self {
            Self::Node(node) => node.client.clone(),
            Self::Sentinel(sentinel) => sentinel.master().await.client.clone(),
            Self::Cluster(cluster) => cluster.subscriber(),
        };
        client.get_async_pubsub().await
    }
}
