//! A TCP proxy that can cut its connections, or let them hang.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Ends with its connections when dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
    open: watch::Sender<usize>,
    acceptor: JoinHandle<()>,
}

#[derive(Clone, Copy, Default)]
struct State {
    cuts: usize,
    hanging: bool,
}

impl Proxy {
    pub(crate) async fn to(target: (String, u16)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, open) = (watch::Sender::default(), watch::Sender::default());
        let acceptor = tokio::spawn(accept(listener, target, state.clone(), open.clone()));
        Self {
            address,
            state,
            open,
            acceptor,
        }
    }

    /// Ends all connections that there are now.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// While it hangs, connections are accepted and nothing passes on any.
    pub(crate) fn hang(&self, hanging: bool) {
        self.state.send_modify(|state| state.hanging = hanging);
    }

    /// Waits for the number of open connections to be that.
    pub(crate) async fn until_open(&self, wanted: usize) {
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
        () = pump(from_client, to_server, state.clone()) => {}
        () = pump(from_server, to_client, state.clone()) => {}
        _ = state.wait_for(|state| state.cuts != cuts) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if state.wait_for(|state| !state.hanging).await.is_err()
            || to.write_all(&buffer[..read]).await.is_err()
        {
            return;
        }
    }
}
