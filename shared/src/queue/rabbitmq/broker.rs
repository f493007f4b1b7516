//! Which broker, and how a connection to it is made.

use std::time::Duration;

use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};

use super::socket;
use super::supervisor::{Failure, within};
use super::topology::Topology;
use crate::config::InvalidSetting;

/// Where the broker is and what is kept there.
#[derive(Clone)]
pub(super) struct Broker {
    uri: AMQPUri,
    pub(super) topology: Topology,
}

/// Unless the address says otherwise. A silent connection is given up after twice that.
const HEARTBEAT_SECONDS: u16 = 10;

/// From the first packet to a connection that is open.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl Broker {
    pub(super) fn new(url: &str, namespace: &str) -> Result<Self, InvalidSetting> {
        let mut uri = address(url).map_err(|reason| InvalidSetting::new("--amqp-url", reason))?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        Ok(Self {
            uri,
            topology: Topology::new(namespace),
        })
    }

    /// A new connection, on which the topology is declared. `role` is part of the name that the operator sees.
    ///
    /// lapin's own recovery stays off: it gives a consumer its running jobs again without saying so, or pends.
    pub(super) async fn connect(&self, role: &str) -> Result<Connection, Failure> {
        let name = format!("longshore {role}");
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = within(
            HANDSHAKE,
            Box::pin(socket::connect(self.uri.clone(), properties)),
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

/// The parser's own messages may repeat the address, and with it the password.
fn address(url: &str) -> Result<AMQPUri, &'static str> {
    const WANTED: &str = "an address like amqp://user:password@host:5672/%2f is needed";
    if host(url).is_some_and(|host| host.starts_with('[')) {
        // lapin would take it for localhost.
        return Err("give the host by name: an IPv6 address is not understood");
    }
    url.parse().map_err(|_| WANTED)
}

fn host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    authority.rsplit('@').next()
}
