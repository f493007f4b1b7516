//! Reading a socket: the client's commands, and its signs of life.

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use longshore_shared::id::ExecutionKey;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info};

use super::close::Close;
use super::command::Command;
use super::life::Life;
use crate::error::Code;
use crate::frames;
use crate::routes::executions::request_cancel;
use crate::state::ApiState;

/// What a client may send in one frame.
const MAX_CLIENT_FRAME: usize = 64 << 10;

/// Frames that are no command, until the client is taken to be broken.
const MAX_INVALID: u32 = 20;

/// Obeys the client until it leaves, or has to.
pub(super) struct Reader<'a> {
    pub(super) state: &'a ApiState,
    pub(super) key: ExecutionKey,
    pub(super) life: &'a Life,
    pub(super) replies: mpsc::Sender<Bytes>,
    pub(super) invalid: u32,
}

impl Reader<'_> {
    pub(super) async fn run(mut self, stream: &mut SplitStream<WebSocket>) -> Close {
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                () = sleep_until(self.life.ends_at()) => {
                    if Instant::now() < self.life.ends_at() {
                        continue; // It has taken a frame meanwhile.
                    }
                    info!("no sign of life");
                    return Close::Gone;
                }
            };
            self.life.sign();
            match message {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(text))) if text.len() > MAX_CLIENT_FRAME => {
                    return Close::TooBig;
                }
                Some(Ok(Message::Binary(bytes))) if bytes.len() > MAX_CLIENT_FRAME => {
                    return Close::TooBig;
                }
                Some(Ok(Message::Text(text))) => {
                    if let Some(close) = self.obey(Command::parse(&text)).await {
                        return close;
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    if let Some(close) = self.obey(None).await {
                        return close;
                    }
                }
                Some(Ok(Message::Close(_))) => return Close::Left,
                None => return Close::Gone,
                Some(Err(error)) => return broken(&error),
            }
        }
    }

    /// Does what the client asks for; a reason to close where it asked nonsense too often.
    async fn obey(&mut self, command: Option<Command>) -> Option<Close> {
        let execution = self.key.execution;
        let reply = match command {
            Some(Command::Ping) => Some(frames::pong(execution)),
            Some(Command::Cancel) => match request_cancel(self.state, self.key).await {
                Ok(_) => None, // The stream's `end` is the answer.
                Err(error) => Some(frames::error(execution, error.code, &error.message)),
            },
            None => {
                self.invalid += 1;
                if self.invalid > MAX_INVALID {
                    return Some(Close::PolicyViolation);
                }
                let message = r#"a frame must be {"type":"cancel"} or {"type":"ping"}"#;
                Some(frames::error(execution, Code::InvalidRequest, message))
            }
        };
        if let Some(reply) = reply {
            // Fails only when the writer has ended, and then so does this.
            let _ = self.replies.send(reply).await;
        }
        None
    }
}

fn broken(error: &axum::Error) -> Close {
    let text = error.to_string();
    debug!(error = text, "the socket failed");
    // The library tells its reasons only in words.
    if text.contains("too long") || text.contains("too big") || text.contains("Space limit") {
        Close::TooBig
    } else {
        Close::Gone
    }
}
