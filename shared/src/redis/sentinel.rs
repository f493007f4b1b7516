//! The master that sentinels name, asked for all the time: what was the master a moment ago may be a replica now, which
//! takes no writes, or cut off from the others, which know better.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisConnectionInfo, RedisResult};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::address::Address;
use super::node::Node;

/// How often the sentinels are asked. A failover takes seconds anyway.
const PERIOD: Duration = Duration::from_secs(1);

/// What one sentinel may take; the others are asked at the same time.
const ANSWER: Duration = Duration::from_millis(900);

/// Follows the master. Ends when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct Sentinel {
    master: watch::Receiver<Option<Arc<Node>>>,
    _asking: Arc<AbortOnDropHandle<()>>,
}

impl Sentinel {
    /// Must be called inside a runtime.
    pub(super) fn follow(
        address: Address,
        name: String,
        account: RedisConnectionInfo,
    ) -> RedisResult<Self> {
        let clients = address.hosts.iter();
        let clients = clients.map(|host| address.client(host.clone()));
        let clients: Vec<_> = clients.collect::<RedisResult<_>>()?;
        let (sender, master) = watch::channel(None);
        let ask = Ask {
            sentinels: clients.into_iter().map(|client| (client, None)).collect(),
            address,
            name,
            account,
            newest: 0,
            known: None,
        };
        let asking = tokio::spawn(ask.on(sender));
        Ok(Self {
            master,
            _asking: Arc::new(AbortOnDropHandle::new(asking)),
        })
    }

    /// The master, as soon as one is known.
    pub(super) async fn master(&self) -> Arc<Node> {
        known(&mut self.master.clone()).await
    }

    /// What the master answers. Given up when another has become the master: a command may have run then, as with any
    /// lost connection, and who waits on for the old one waits in vain.
    pub(super) async fn on_master<T>(
        &self,
        ask: impl AsyncFnOnce(Arc<Node>) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let mut master = self.master.clone();
        let node = known(&mut master).await;
        tokio::select! {
            answer = ask(node) => answer,
            _ = master.changed() => Err(std::io::Error::other("another node became the master").into()),
        }
    }
}

async fn known(master: &mut watch::Receiver<Option<Arc<Node>>>) -> Arc<Node> {
    let known = master.wait_for(Option::is_some).await;
    let node = known.ok().and_then(|known| known.clone());
    // The sender lives as long as the task, which every handle keeps alive.
    node.expect("somebody asks the sentinels")
}

/// What a sentinel says of the master.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    host: String,
    port: u16,
    /// Each failover has a higher one: of sentinels that contradict each other the highest knows best.
    epoch: u64,
}

struct Ask {
    sentinels: Vec<(Client, Option<MultiplexedConnection>)>,
    address: Address,
    name: String,
    account: RedisConnectionInfo,
    newest: u64,
    known: Option<(String, u16)>,
}

impl Ask {
    async fn on(mut self, sender: watch::Sender<Option<Arc<Node>>>) {
        let mut due = interval(PERIOD);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent = false;
        loop {
            due.tick().await;
            let name = &self.name;
            let asked = self.sentinels.iter_mut();
            let places = join_all(asked.map(|sentinel| ask(sentinel, name))).await;
            let places: Vec<Place> = places.into_iter().flatten().collect();
            if places.is_empty() && !silent {
                warn!(
                    master = self.name,
                    "no sentinel says where the master is; asking until one does"
                );
            }
            silent = places.is_empty();
            // A few that were cut off from the others must not lead back.
            let most = places.len() * 2 > self.sentinels.len();
            if let Some(place) = places.into_iter().max_by_key(|place| place.epoch)
                && (most || place.epoch >= self.newest)
            {
                self.move_to(place, &sender);
            }
        }
    }

    fn move_to(&mut self, place: Place, sender: &watch::Sender<Option<Arc<Node>>>) {
        self.newest = place.epoch;
        let there = (place.host, place.port);
        if self.known.as_ref() == Some(&there) {
            return;
        }
        let (host, port) = there.clone();
        let host = self.address.host(host, port, self.account.clone());
        match host
            .and_then(|host| self.address.client(host))
            .and_then(Node::open)
        {
            Ok(node) => {
                info!(host = there.0, port, "this is the redis master now");
                sender.send_replace(Some(Arc::new(node)));
                self.known = Some(there);
            }
            Err(error) => warn!(%error, host = there.0, port, "the redis master cannot be used"),
        }
    }
}

/// What one of them says, or nothing; its connection is kept as long as it answers.
async fn ask(
    (client, kept): &mut (Client, Option<MultiplexedConnection>),
    name: &str,
) -> Option<Place> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => connect(client).await.ok()?,
    };
    let mut cmd = redis::cmd("SENTINEL");
    cmd.arg("MASTER").arg(name);
    let told: redis::RedisResult<std::collections::HashMap<String, String>> =
        cmd.query_async(&mut connection).await;
    let told = told.ok()?;
    *kept = Some(connection);
    Some(Place {
        host: told.get("ip")?.clone(),
        port: told.get("port")?.parse().ok()?,
        epoch: told.get("config-epoch")?.parse().ok()?,
    })
}

async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(ANSWER))
        .set_response_timeout(Some(ANSWER));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}
