//! A client as a good one behaves: it reads a stream to its end, across lost connections and on any replica.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, Socket};
use crate::watcher::Watched;

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// A server says something every half a minute at least; who hears nothing for longer takes the connection for dead.
const SILENCE: Duration = Duration::from_secs(45);

/// Reads an execution's stream from its start to its end, within `patience`, each connection to the next replica. The
/// frames are those of one unbroken stream; `connections` is how many it took.
///
/// # Panics
/// When the stream does not end in time, or breaks a promise.
pub async fn follow(clients: &[Client], execution: &str, patience: Duration) -> Followed {
    let mut ring = clients.iter().cycle();
    let next = || ring.next().expect("a client at least").clone();
    follow_on(next, execution, patience).await
}

/// As [`follow`], on whatever replica comes next.
///
/// # Panics
/// When the stream does not end in time, or breaks a promise.
pub async fn follow_on(
    replica: impl FnMut() -> Client,
    execution: &str,
    patience: Duration,
) -> Followed {
    let mut reading = Reading::default();
    let ended = timeout(patience, reading.until_end(replica, execution)).await;
    assert!(
        ended.is_ok(),
        "{execution} has not ended after {patience:?} and {} connections: {:#?}",
        reading.connections,
        reading.frames.last()
    );
    Followed {
        connections: reading.connections,
        gaps: reading.gaps(),
        watched: Watched::joined(reading.frames),
    }
}

/// What such a client has seen.
#[derive(Debug)]
pub struct Followed {
    pub watched: Watched,
    pub connections: usize,
    /// How often it was told that something is not there any more.
    pub gaps: usize,
}

#[derive(Default)]
struct Reading {
    frames: Vec<Value>,
    connections: usize,
}

impl Reading {
    async fn until_end(&mut self, mut replica: impl FnMut() -> Client, execution: &str) {
        loop {
            let after = self.last().map(str::to_owned);
            if let Some(socket) = replica().try_socket(execution, after.as_deref()).await {
                self.connections += 1;
                if self.read(socket).await {
                    return;
                }
            }
            sleep(PAUSE).await;
        }
    }

    fn last(&self) -> Option<&str> {
        self.frames
            .iter()
            .rev()
            .find_map(|frame| frame["id"].as_str())
    }

    fn gaps(&self) -> usize {
        let gaps = self.frames.iter().filter(|frame| frame["type"] == "gap");
        gaps.count()
    }

    /// `true` after the end; `false` when the connection was lost before.
    async fn read(&mut self, mut socket: Socket) -> bool {
        let mut heard = Instant::now();
        while let Ok(Some(Ok(message))) = timeout(SILENCE, socket.next()).await {
            heard = Instant::now();
            match message {
                Message::Text(text) => self.take(&text),
                Message::Close(_) => break,
                _ => {}
            }
        }
        if heard.elapsed() >= SILENCE {
            eprintln!("a connection was silent for {SILENCE:?}");
        }
        self.frames
            .last()
            .is_some_and(|frame| frame["type"] == "end")
    }

    fn take(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
        let greeting = frame["type"] == "subscribed" && !self.frames.is_empty();
        if !greeting {
            self.frames.push(frame);
        }
    }
}
