//! A connection's socket: opened within a bound, and shut when the handshake on it is given up.

use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::tcp::OwnedTLSConfig;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties};
use tokio::net::lookup_host;
use tokio::time::timeout;

/// Unless the address says otherwise.
const OPEN: Duration = Duration::from_secs(5);

/// Opens a connection. Dropped half way, it leaves nothing behind.
pub(super) async fn connect(
    uri: AMQPUri,
    tls: OwnedTLSConfig,
    properties: ConnectionProperties,
) -> lapin::Result<Connection> {
    let attempt = Attempt::default();
    let socket = Arc::clone(&attempt.socket);
    let runtime = lapin::runtime::default_runtime()?;
    let connection = Connection::connector(
        uri,
        runtime,
        async move |uri: AMQPUri, runtime| {
            // lapin does not look at the address's connection_timeout.
            let bound = uri
                .query
                .connection_timeout
                .map_or(OPEN, Duration::from_millis);
            let open = async {
                let host = uri.authority.host.as_str();
                let addresses: Vec<_> = lookup_host((host, uri.authority.port)).await?.collect();
                let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
                if let AsyncTcpStream::Plain(plain) = &stream {
                    keep(&socket, plain.get_ref())?;
                }
                match uri.scheme {
                    AMQPScheme::AMQP => Ok(stream),
                    AMQPScheme::AMQPS => stream.into_tls(host, tls.as_ref()).await,
                }
            };
            timeout(bound, open)
                .await
                .map_err(std::io::Error::from)
                .flatten()
                .map_err(lapin::Error::from)
        },
        properties,
    )
    .await?;
    attempt.succeeded();
    Ok(connection)
}

/// A handshake under way. lapin's thread reads on until the socket ends, also when nobody waits for it any more: with
/// a broker that accepts and then says nothing, every attempt would leave a thread behind.
#[derive(Default)]
struct Attempt {
    socket: Socket,
}

type Socket = Arc<Mutex<Option<TcpStream>>>;

impl Attempt {
    fn succeeded(self) {
        take(&self.socket);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(socket) = take(&self.socket) {
            drop(socket.shutdown(Shutdown::Both)); // It may have ended already.
        }
    }
}

/// A second handle on the stream's socket.
fn keep(socket: &Socket, stream: &impl AsFd) -> std::io::Result<()> {
    let handle = stream.as_fd().try_clone_to_owned()?;
    *socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle.into());
    Ok(())
}

fn take(socket: &Socket) -> Option<TcpStream> {
    socket.lock().unwrap_or_else(PoisonError::into_inner).take()
}
