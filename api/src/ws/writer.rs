//! Writing a socket: pulled from the follower, as fast as the client takes it.

use std::pin::pin;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use longshore_shared::event_log::Follower;
use longshore_shared::id::ExecutionKey;
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, interval_at, timeout};

use super::close::Close;
use super::life::Life;
use crate::frames;
use crate::state::ApiState;
use crate::watch::{HEARTBEAT, patience};

/// A write that took longer had to wait for the client.
const WAITED: Duration = Duration::from_secs(1);

/// Writes what the follower gives, answers, and pings.
pub(super) struct Writer<'a> {
    pub(super) sink: SplitSink<WebSocket, Message>,
    pub(super) life: &'a Life,
    /// The size of the last frame, which may be waiting yet.
    pub(super) last: usize,
}

impl Writer<'_> {
    pub(super) async fn run(
        &mut self,
        hello: Bytes,
        mut follower: Follower,
        mut replies: mpsc::Receiver<Bytes>,
        key: ExecutionKey,
        state: &ApiState,
    ) -> Close {
        let mut pings = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let mut next = Some(text(hello));
        let mut farewell = pin!(state.farewell());
        loop {
            if let Some(message) = next.take()
                && let Err(close) = self.write(message, &mut follower, key).await
            {
                return close;
            }
            next = tokio::select! {
                followed = follower.next() => match followed {
                    Some(followed) => Some(text(frames::followed(followed, key.execution))),
                    None => return Close::Ended,
                },
                Some(reply) = replies.recv() => Some(text(reply)),
                _ = pings.tick() => Some(Message::Ping(Bytes::new())),
                () = &mut farewell => return Close::Restarting,
            };
        }
    }

    /// Writes a message and everything that is ready behind it, then flushes once.
    async fn write(
        &mut self,
        message: Message,
        follower: &mut Follower,
        key: ExecutionKey,
    ) -> Result<(), Close> {
        let began = Instant::now();
        self.feed(message).await?;
        while let Some(followed) = follower.next_ready() {
            self.feed(text(frames::followed(followed, key.execution)))
                .await?;
        }
        taken(timeout(patience(self.last), self.sink.flush()).await)?;
        // A client that reads slowly gets our pings late, but takes what it kept waiting. What goes into the kernel's
        // buffers at once says nothing about whether anybody is there.
        if began.elapsed() > WAITED {
            self.life.sign();
        }
        Ok(())
    }

    /// Waits until the frame before has left, and perhaps for this one.
    async fn feed(&mut self, message: Message) -> Result<(), Close> {
        let bytes = size(&message);
        let waiting = self.last + bytes;
        self.last = bytes;
        if bytes > 0 {
            self.life.sends(waiting);
        }
        taken(timeout(patience(waiting), self.sink.feed(message)).await)
    }
}

/// Of a frame of ours; what keeps the connection alive counts nothing.
fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        _ => 0,
    }
}

fn taken(written: Result<Result<(), axum::Error>, Elapsed>) -> Result<(), Close> {
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Close::Gone),
        Err(_) => Err(Close::TooSlow),
    }
}

/// Frames are JSON text, made from strings.
pub(super) fn text(frame: Bytes) -> Message {
    Message::Text(Utf8Bytes::try_from(frame).unwrap_or_else(|_| Utf8Bytes::from_static("{}")))
}
