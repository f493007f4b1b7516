//! Watching an execution over its WebSocket, across lost connections, from the first event to the end.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use longshore_shared::retry::Backoff;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::client::Api;
use crate::socket::{self, NotOpen, Socket};

/// Connections in a row that brought nothing: about a minute with the pauses between them.
const MAX_FAILURES: u32 = 20;

/// The server pings every 20 s; a connection that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// The closes after which coming back would be the same again.
const NO: [u16; 5] = [1008, 1009, 4401, 4403, 4404];

/// An execution's frames, each once and in order.
pub(crate) struct Watch<'a> {
    api: &'a Api,
    execution: &'a str,
    after: Option<String>,
    socket: Option<Socket>,
    ended: bool,
    /// Since a connection was of use.
    failures: u32,
    backoff: Backoff,
    /// Not to connect before.
    not_before: Instant,
}

impl<'a> Watch<'a> {
    /// From after an event on, or from the start.
    pub(crate) fn new(api: &'a Api, execution: &'a str, after: Option<String>) -> Self {
        Self {
            api,
            execution,
            after,
            socket: None,
            ended: false,
            failures: 0,
            backoff: Backoff::default(),
            not_before: Instant::now(),
        }
    }

    /// The next frame; `None` after `end`. Cancel safe.
    ///
    /// # Errors
    /// When the server says no, or too many connections in a row brought nothing.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Value>> {
        while !self.ended {
            let Some(socket) = &mut self.socket else {
                self.connect().await?;
                continue;
            };
            match timeout(SILENCE, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return self.frame(&text).map(Some),
                Ok(Some(Ok(Message::Ping(_)))) => {
                    drop(socket.flush().await); // The answer is queued; send it.
                    self.was_of_use();
                }
                Ok(Some(Ok(Message::Close(Some(close))))) if NO.contains(&close.code.into()) => {
                    let code = u16::from(close.code);
                    bail!("the server ended the stream: {} ({code})", close.reason);
                }
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => self.lost()?,
                Ok(Some(Ok(_))) => {}
            }
        }
        Ok(None)
    }

    fn frame(&mut self, text: &str) -> anyhow::Result<Value> {
        let frame: Value =
            serde_json::from_str(text).context("the server sent a frame that is no JSON")?;
        if let Some(id) = frame["id"].as_str() {
            self.after = Some(id.to_owned());
        }
        // Every connection begins with that one, also one that is then refused.
        if frame["type"] != "subscribed" {
            self.was_of_use();
        }
        self.ended = frame["type"] == "end";
        Ok(frame)
    }

    fn was_of_use(&mut self) {
        self.failures = 0;
        self.backoff.reset();
    }

    /// There is no connection any more, or none came about.
    fn lost(&mut self) -> anyhow::Result<()> {
        self.socket = None;
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            bail!(
                "the stream of {} is lost: {MAX_FAILURES} connections in a row brought nothing",
                self.execution
            );
        }
        self.not_before = Instant::now() + self.backoff.next_delay();
        Ok(())
    }

    async fn connect(&mut self) -> anyhow::Result<()> {
        sleep_until(self.not_before).await;
        match socket::open(self.api, self.execution, self.after.as_deref()).await {
            Ok(socket) => self.socket = Some(socket),
            Err(NotOpen::Refused(reason)) => bail!("the server refuses the stream: {reason}"),
            Err(NotOpen::Later) => self.lost()?,
        }
        Ok(())
    }
}
