//! Three masters that share the slots, each with a replica that takes its place.

use std::process::Stdio;

use futures_util::future::join_all;
use tokio::process::Command;

use super::RedisServer;
use crate::ports::free_port;
use crate::process::eventually;
use crate::services::ask_redis;

/// All six.
pub struct RedisCluster {
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Returns when every node says that the cluster is whole.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start() -> Self {
        let nodes = join_all((0..6).map(|_| async {
            let bus = free_port().await.to_string();
            RedisServer::start(&[
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
                "--cluster-node-timeout",
                "2000",
            ])
            .await
        }))
        .await;
        let addresses: Vec<String> = nodes.iter().map(RedisServer::address).collect();
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .stdin(Stdio::null())
            .output()
            .await
            .expect("redis-cli is installed");
        assert!(
            made.status.success(),
            "{}{}",
            String::from_utf8_lossy(&made.stdout),
            String::from_utf8_lossy(&made.stderr)
        );
        let cluster = Self { nodes };
        eventually("the cluster is whole", async || cluster.is_whole().await).await;
        cluster
    }

    /// Whether all nodes say so, and each master has a replica that can take its place.
    async fn is_whole(&self) -> bool {
        let mut replicas = 0;
        for node in &self.nodes {
            let url = format!("redis://{}", node.address());
            let info: String = ask_redis(&url, &["CLUSTER", "INFO"]).await;
            if !info.contains("cluster_state:ok") {
                return false;
            }
            replicas += node.replicas().await;
        }
        replicas == 3
    }

    /// How programs reach it: these name the others.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.nodes[..3].iter().map(RedisServer::address).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }
}
