//! Which broker, and how a connection to it is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};

use super::socket;
use super::supervisor::{Failure, within};
use super::topology::Topology;
use crate::config::InvalidSetting;
use crate::tls::Tls;

/// Where the broker is and what is kept there.
#[derive(Clone)]
pub(super) struct Broker {
    /// One for each host named.
    uris: Arc<[AMQPUri]>,
    turn: Arc<AtomicUsize>,
    pub(super) tls: OwnedTLSConfig,
    pub(super) topology: Topology,
}

/// Unless the address says otherwise. A silent connection is given up after twice that.
const HEARTBEAT_SECONDS: u16 = 10;

/// From the first packet to a connection that is open.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl Broker {
    pub(super) fn new(url: &str, namespace: &str) -> Result<Self, InvalidSetting> {
        let mut uris =
            addresses(url).map_err(|reason| InvalidSetting::new("--amqp-url", reason))?;
        for uri in &mut uris {
            uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        }
        // Anywhere, so that many programs spread over the hosts.
        let turn = fastrand::usize(..uris.len());
        Ok(Self {
            uris: uris.into(),
            turn: Arc::new(turn.into()),
            tls: OwnedTLSConfig::default(),
            topology: Topology::new(namespace),
        })
    }

    /// The next host, each time another one: what has one node down is connected with the second attempt.
    fn host(&self) -> AMQPUri {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.uris[turn % self.uris.len()].clone()
    }

    /// A new connection, on which the topology is declared. `role` is part of the name that the operator sees.
    ///
    /// lapin's own recovery stays off: it gives a consumer its running jobs again without saying so, or pends.
    pub(super) async fn connect(&self, role: &str) -> Result<Connection, Failure> {
        let name = format!("longshore {role}");
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = within(
            HANDSHAKE,
            Box::pin(socket::connect(self.host(), self.tls.clone(), properties)),
        )
        .await?;
        self.declare(&connection).await?;
        Ok(connection)
    }

    /// On a channel of its own, since a refused declaration closes the channel.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), Failure> {
        let channel = open_channel(connection).await?;
        within(ANSWER, self.topology.declare(&channel)).await
    }
}

/// How long the broker may take to answer one request.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// How long a deleted queue stays deleted before it is declared again.
///
/// The broker needs some milliseconds to tell the consumers of the old one. Those whom it has not told then stay, on
/// the new one, and RabbitMQ 3.10 throws their deliveries away as repeated, since the new queue counts from 0 again.
pub(super) const DELETION: Duration = Duration::from_secs(1);

pub(super) async fn open_channel(connection: &Connection) -> Result<Channel, Failure> {
    within(ANSWER, connection.create_channel()).await
}

/// The library's own form of what a broker is to be known by.
pub(super) fn config(tls: &Tls) -> OwnedTLSConfig {
    let authorities = tls.authorities.as_deref().map(String::from_utf8_lossy);
    OwnedTLSConfig {
        identity: tls.own.as_ref().map(|own| OwnedIdentity::PKCS8 {
            pem: own.certificate.clone(),
            key: own.key.clone(),
        }),
        cert_chain: authorities.map(std::borrow::Cow::into_owned),
    }
}

/// One address for each host of it. The parser's own messages may repeat the address, and with it the password.
fn addresses(url: &str) -> Result<Vec<AMQPUri>, &'static str> {
    const WANTED: &str = "an address like amqp://user:password@host:5672/%2f is needed, or \
         amqps://user:password@host,host/%2f";
    let (scheme, rest) = url.split_once("://").ok_or(WANTED)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let begin = authority.rfind('@').map_or(0, |at| at + 1);
    let (account, hosts) = authority.split_at(begin);
    let address = |host: &str| {
        if host.starts_with('[') {
            // lapin would take it for localhost.
            return Err("give the host by name: an IPv6 address is not understood");
        }
        if host.is_empty() && hosts.contains(',') {
            return Err(WANTED);
        }
        let address = format!("{scheme}://{account}{host}{tail}");
        address.parse().map_err(|_| WANTED)
    };
    hosts.split(',').map(address).collect()
}
