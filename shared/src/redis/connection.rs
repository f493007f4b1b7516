//! A connection that commands go over, whatever is behind it.

use redis::aio::{ConnectionLike, ConnectionManager};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisFuture, Value};

use super::cluster::{self, Order};
use super::node::Use;
use super::sentinel::Sentinel;

/// A cheap handle, as the library's own connections are.
#[derive(Clone)]
pub(crate) enum Connection {
    /// To the one node.
    Node(ConnectionManager),
    /// To the master of the moment of each command.
    Master(Sentinel, Use),
    /// To the nodes of a cluster.
    Cluster(ClusterConnection, Order),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Node(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection, _) => connection.req_packed_command(cmd),
            Self::Master(sentinel, which) => Box::pin(sentinel.on_master(async |node| {
                let mut connection = node.connection(*which);
                connection.req_packed_command(cmd).await
            })),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Node(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection, order) => {
                Box::pin(cluster::send(connection, pipeline, *order))
            }
            Self::Master(sentinel, which) => Box::pin(sentinel.on_master(async move |node| {
                let mut connection = node.connection(*which);
                connection
                    .req_packed_commands(pipeline, offset, count)
                    .await
            })),
        }
    }

    /// Nobody asks: no transaction is made, and no database selected after the handshake.
    fn get_db(&self) -> i64 {
        0
    }
}
