//! A master, two replicas, and three sentinels that make one of those the master when it is gone.

use futures_util::future::join_all;

use super::RedisServer;
use crate::ports::free_port;
use crate::process::eventually;
use crate::services::ask_redis;

/// What the sentinels call the master.
const NAME: &str = "main";

/// All six.
pub struct Sentinels {
    pub nodes: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
}

impl Sentinels {
    /// Returns when the sentinels know each other and both replicas.
    ///
    /// # Panics
    /// When they do not come up.
    pub async fn start() -> Self {
        let master = RedisServer::start(&[]).await;
        let port = master.port.to_string();
        let replica = ["--replicaof", "127.0.0.1", &port];
        let replicas = join_all([RedisServer::start(&replica), RedisServer::start(&replica)]).await;
        let text = |own: u16| {
            format!(
                "port {own}\nbind 127.0.0.1\ndir .\nsentinel monitor {NAME} 127.0.0.1 {port} 2\n\
                 sentinel down-after-milliseconds {NAME} 1000\nsentinel failover-timeout {NAME} 5000\n"
            )
        };
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            let own = free_port().await;
            let sentinel = RedisServer::with_file(own, &text(own), "--sentinel");
            sentinels.push(sentinel.up().await);
        }
        let mut nodes = vec![master];
        nodes.extend(replicas);
        let all = Self { nodes, sentinels };
        eventually("the sentinels know everybody", async || {
            let (told, replicas) = (all.told().await, all.nodes[0].replicas().await);
            replicas == 2 && told["num-slaves"] == "2" && told["num-other-sentinels"] == "2"
        })
        .await;
        all
    }

    async fn told(&self) -> std::collections::HashMap<String, String> {
        let url = format!("redis://{}", self.sentinels[0].address());
        ask_redis(&url, &["SENTINEL", "MASTER", NAME]).await
    }

    /// How programs reach the master.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(RedisServer::address).collect();
        format!("redis+sentinel://{}/{NAME}", hosts.join(","))
    }

    /// The port of the master that the first sentinel names.
    ///
    /// # Panics
    /// When it names none.
    pub async fn master(&self) -> u16 {
        let told = self.told().await;
        told["port"].parse().expect("a port")
    }
}
