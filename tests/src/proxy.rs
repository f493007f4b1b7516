//! A TCP proxy that can cut its connections, let them hang in either direction, slow them down, or be away.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Ends with its connections when dropped.
pub struct Proxy {
    pub address: SocketAddr,
    state: watch::Sender<State>,
    open: watch::Sender<usize>,
    acceptor: JoinHandle<()>,
}

#[derive(Clone, Copy, Default)]
struct State {
    cuts: usize,
    away: bool,
    hanging: [bool; 2],
    delay: Duration,
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the program under test.
    There,
    /// To it.
    Back,
}

impl Proxy {
    /// A proxy on a port of its own to a host and a port.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub async fn to(target: (String, u16)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let (state, open) = (watch::Sender::default(), watch::Sender::default());
        let acceptor = tokio::spawn(accept(listener, target, state.clone(), open.clone()));
        Self {
            address,
            state,
            open,
            acceptor,
        }
    }

    /// A proxy to what an address names, and that address with the proxy in its place.
    ///
    /// # Panics
    /// When the address has no port.
    pub async fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").expect("an address");
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let place = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = place.rsplit_once(':').expect("a port");
        let proxy = Self::to((host.to_owned(), port.parse().expect("a number"))).await;
        let own = rest.replacen(place, &proxy.address.to_string(), 1);
        (proxy, format!("{scheme}://{own}"))
    }

    /// Ends all connections that there are now.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// While it is away all connections are ended, also new ones.
    pub fn away(&self, away: bool) {
        self.state.send_modify(|state| {
            state.away = away;
            state.cuts += 1;
        });
    }

    /// While it hangs, connections are accepted and nothing passes on any.
    pub fn hang(&self, hanging: bool) {
        self.state
            .send_modify(|state| state.hanging = [hanging, hanging]);
    }

    /// While it hangs one way, nothing passes on any connection in that way.
    pub fn hang_way(&self, way: Way, hanging: bool) {
        self.state
            .send_modify(|state| state.hanging[way as usize] = hanging);
    }

    /// Lets every piece wait that long before it passes.
    pub fn delay(&self, delay: Duration) {
        self.state.send_modify(|state| state.delay = delay);
    }

    /// Waits for the number of open connections to be that.
    ///
    /// # Panics
    /// When it is not in time.
    pub async fn until_open(&self, wanted: usize) {
        let mut open = self.open.subscribe();
        let waited = timeout(
            Duration::from_secs(30),
            open.wait_for(|open| *open == wanted),
        )
        .await
        .is_ok();
        assert!(
            waited,
            "{} connections are open, not {wanted}",
            *self.open.borrow()
        );
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.cut();
    }
}

async fn accept(
    listener: TcpListener,
    target: (String, u16),
    state: watch::Sender<State>,
    open: watch::Sender<usize>,
) {
    while let Ok((client, _)) = listener.accept().await {
        if state.borrow().away {
            continue;
        }
        let (state, open, target) = (state.subscribe(), open.clone(), target.clone());
        tokio::spawn(async move {
            open.send_modify(|open| *open += 1);
            forward(client, target, state).await;
            open.send_modify(|open| *open -= 1);
        });
    }
}

async fn forward(client: TcpStream, target: (String, u16), mut state: watch::Receiver<State>) {
    let cuts = state.borrow().cuts;
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::select! {
        () = pump(Way::There, from_client, to_server, state.clone()) => {}
        () = pump(Way::Back, from_server, to_client, state.clone()) => {}
        _ = state.wait_for(|state| state.cuts != cuts) => {}
    }
}

async fn pump(
    way: Way,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let delay = state.borrow().delay;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let moving = state
            .wait_for(|state| !state.hanging[way as usize])
            .await
            .is_ok();
        if !moving || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
