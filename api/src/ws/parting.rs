//! How a connection ends: what is said last, and the close.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use longshore_shared::id::ExecutionId;
use tokio::time::timeout;
use tracing::debug;

use super::close::Close;
use super::writer::text;
use crate::error::ApiError;
use crate::frames;

/// How long the client has to answer a close.
const FAREWELL: Duration = Duration::from_secs(5);

/// The end of a connection.
#[derive(Debug)]
pub(super) struct Parting {
    /// The `error` frame that goes before the close.
    frame: Option<Bytes>,
    close: Close,
}

impl From<Close> for Parting {
    fn from(close: Close) -> Self {
        Self { frame: None, close }
    }
}

impl Parting {
    /// For what would have been refused before the upgrade, had it been known by then.
    pub(super) fn refusal(execution: ExecutionId, error: &ApiError) -> Self {
        Self {
            frame: Some(frames::error(execution, error.code, &error.message)),
            close: Close::after(error.code),
        }
    }

    /// Says why, then waits for the client's own close: a connection that is dropped with unread input is reset, and
    /// the reset may overtake what was written last. To a client that closes first, reading on sends the answer.
    pub(super) async fn say(
        self,
        mut sink: SplitSink<WebSocket, Message>,
        mut stream: SplitStream<WebSocket>,
    ) {
        debug!(close = ?self.close, "closing");
        if self.close == Close::Gone {
            return;
        }
        let goodbye = async {
            if let Some(frame) = self.frame {
                sink.send(text(frame)).await?;
            }
            if let Some(frame) = self.close.frame() {
                sink.send(Message::Close(Some(frame))).await?;
            }
            while let Some(Ok(_)) = stream.next().await {}
            Ok::<(), axum::Error>(())
        };
        if timeout(FAREWELL, goodbye).await.is_err() {
            debug!("the client did not answer the close");
        }
    }
}
