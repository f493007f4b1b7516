//! One socket: a reader that obeys the client and a writer that follows the execution, in one task.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use longshore_shared::event_log::Follower;
use longshore_shared::id::ExecutionKey;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::debug;

use super::close::Close;
use super::life::Life;
use super::reader::Reader;
use super::writer::Writer;
use crate::state::ApiState;

/// How long the client has to answer a close.
const FAREWELL: Duration = Duration::from_secs(5);

/// Answers to the client that wait to be written; a client that asks and does not read waits with them.
const REPLIES: usize = 8;

pub(super) struct Connection {
    pub(super) state: ApiState,
    pub(super) key: ExecutionKey,
    pub(super) follower: Follower,
}

impl Connection {
    pub(super) async fn run(self, socket: WebSocket, hello: Bytes) {
        let (sink, mut stream) = socket.split();
        let (replies, outbox) = mpsc::channel(REPLIES);
        let life = Life::new();
        let reader = Reader {
            state: &self.state,
            key: self.key,
            life: &life,
            replies,
            invalid: 0,
        };
        let mut writer = Writer { sink, life: &life };
        let close = tokio::select! {
            close = reader.run(&mut stream) => close,
            close = writer.run(hello, self.follower, outbox, self.key, &self.state) => close,
        };
        debug!(?close, "closing");
        farewell(writer.sink, stream, close).await;
    }
}

/// Says why, then waits for the client's own close: a connection that is dropped with unread input is reset, and the
/// reset may overtake what was written last. To a client that closes first, reading on sends the answer.
async fn farewell(
    mut sink: SplitSink<WebSocket, Message>,
    mut stream: SplitStream<WebSocket>,
    close: Close,
) {
    if close == Close::Gone {
        return;
    }
    let goodbye = async {
        if let Some(frame) = close.frame() {
            sink.send(Message::Close(Some(frame))).await?;
        }
        while let Some(Ok(_)) = stream.next().await {}
        Ok::<(), axum::Error>(())
    };
    if timeout(FAREWELL, goodbye).await.is_err() {
        debug!("the client did not answer the close");
    }
}
