//! Reading a socket: the client's commands, and its signs of life.

use axum::extract::ws::WebSocket;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use longshore_shared::id::{ExecutionKey, WorkspaceId};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::info;

use super::close::Close;
use super::command::Command;
use super::input::Input;
use super::life::Life;
use super::parting::Parting;
use super::renewal::renew;
use crate::error::{ApiError, Code};
use crate::frames;
use crate::identity::{Caller, Scope};
use crate::routes::executions::request_cancel;
use crate::state::ApiState;

/// Frames that are no command, until the client is taken to be broken.
const MAX_INVALID: u32 = 20;

/// Obeys the client until it leaves, or has to.
pub(super) struct Reader<'a> {
    pub(super) state: &'a ApiState,
    pub(super) caller: Caller,
    pub(super) key: ExecutionKey,
    pub(super) workspace: WorkspaceId,
    pub(super) life: &'a Life,
    pub(super) replies: mpsc::Sender<Bytes>,
    pub(super) invalid: u32,
}

impl Reader<'_> {
    pub(super) async fn run(mut self, stream: &mut SplitStream<WebSocket>) -> Parting {
        loop {
            let message = tokio::select! {
                // First: what comes after the token's end is not obeyed any more.
                biased;
                () = self.caller.expired() => return Close::Expired.into(),
                message = stream.next() => message,
                () = sleep_until(self.life.ends_at()) => {
                    if Instant::now() < self.life.ends_at() {
                        continue; // It has taken a frame meanwhile.
                    }
                    info!("no sign of life");
                    return Close::Gone.into();
                }
            };
            self.life.sign();
            let obeyed = match Input::read(message) {
                Ok(Input::Sign) => Ok(()),
                Ok(Input::Text(text)) => self.obey(Command::parse(&text)).await,
                Ok(Input::Binary) => self.obey(None).await,
                Err(close) => Err(close.into()),
            };
            if let Err(parting) = obeyed {
                return parting;
            }
        }
    }

    /// Does what the client asks for; fails where the connection has to end for it.
    async fn obey(&mut self, command: Option<Command>) -> Result<(), Parting> {
        let execution = self.key.execution;
        match command {
            Some(Command::Ping) => self.reply(frames::pong(execution)).await,
            Some(Command::Cancel) => {
                // Where it succeeds, the stream's `end` is the answer.
                if let Err(error) = self.cancel().await {
                    let refusal = frames::error(execution, error.code, &error.message);
                    self.reply(refusal).await;
                }
            }
            Some(Command::Auth(token)) => {
                let renewed = renew(self.state, &self.caller, &token, &self.workspace);
                self.caller = renewed.map_err(|error| Parting::refusal(execution, &error))?;
            }
            None => {
                self.invalid += 1;
                if self.invalid > MAX_INVALID {
                    return Err(Close::PolicyViolation.into());
                }
                let message = r#"a frame must be {"type":"cancel"}, {"type":"ping"} or {"type":"auth","token":"…"}"#;
                let refusal = frames::error(execution, Code::InvalidRequest, message);
                self.reply(refusal).await;
            }
        }
        Ok(())
    }

    async fn cancel(&self) -> Result<(), ApiError> {
        self.caller.may(Scope::Execute)?;
        request_cancel(self.state, self.key).await?;
        Ok(())
    }

    async fn reply(&self, frame: Bytes) {
        tokio::select! {
            biased;
            // A client that does not take its answers is not kept beyond its time.
            () = self.caller.expired() => {}
            // Fails only when the writer has ended, and then so does this.
            _ = self.replies.send(frame) => {}
        }
    }
}
