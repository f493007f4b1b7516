//! One socket: a reader that obeys the client and a writer that follows the execution, in one task.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::debug;

use super::close::Close;
use super::life::Life;
use super::reader::Reader;
use super::writer::Writer;
use crate::state::ApiState;
use crate::watch::Watch;

/// How long the client has to answer a close.
const FAREWELL: Duration = Duration::from_secs(5);

/// Answers to the client that wait to be written; a client that asks and does not read waits with them.
const REPLIES: usize = 8;

pub(super) struct Connection {
    pub(super) state: ApiState,
    pub(super) watch: Watch,
}

impl Connection {
    pub(super) async fn run(self, socket: WebSocket) {
        let Watch {
            key,
            hello,
            follower,
            ..
        } = self.watch;
        let (sink, mut stream) = socket.split();
        let (replies, outbox) = mpsc::channel(REPLIES);
        let life = Life::new();
        let reader = Reader {
            state: &self.state,
            key,
            life: &life,
            replies,
            invalid: 0,
        };
        let mut writer = Writer { sink, life: &life };
        let close = tokio::select! {
            close = reader.run(&mut stream) => close,
            close = writer.run(hello, follower, outbox, key, &self.state) => close,
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
