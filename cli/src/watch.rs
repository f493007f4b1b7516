//! Watching an execution over its WebSocket, across lost connections, from the first event to the end.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use longshore_shared::retry::Backoff;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::client::Api;

/// Attempts to connect in a row: more than a minute.
const MAX_FAILURES: u32 = 20;

/// The server pings every 20 s; a connection that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// A line of the CLI may be 16 MiB.
const MAX_FRAME: usize = 32 << 20;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An execution's frames, each once and in order.
pub(crate) struct Watch<'a> {
    api: &'a Api,
    execution: &'a str,
    after: Option<String>,
    socket: Option<Socket>,
    ended: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(api: &'a Api, execution: &'a str) -> Self {
        Self {
            api,
            execution,
            after: None,
            socket: None,
            ended: false,
        }
    }

    /// The next frame; `None` after `end`. Cancel safe.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Value>> {
        while !self.ended {
            if self.socket.is_none() {
                self.socket = Some(self.connect().await?);
            }
            let Some(socket) = &mut self.socket else {
                continue;
            };
            match timeout(SILENCE, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return self.frame(&text).map(Some),
                Ok(Some(Ok(Message::Ping(_)))) => drop(socket.flush().await), // The answer is queued; send it.
                Ok(Some(Ok(_))) => {}
                _ => self.socket = None,
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
        self.ended = frame["type"] == "end";
        Ok(frame)
    }

    async fn connect(&self) -> anyhow::Result<Socket> {
        let request = self.api.socket(self.execution, self.after.as_deref())?;
        let mut config = WebSocketConfig::default();
        (config.max_message_size, config.max_frame_size) = (Some(MAX_FRAME), Some(MAX_FRAME));
        let mut backoff = Backoff::default();
        for _ in 0..MAX_FAILURES {
            let connecting = connect_async_with_config(request.clone(), Some(config), true);
            match timeout(Duration::from_secs(10), connecting).await {
                Ok(Ok((socket, _))) => return Ok(socket),
                Ok(Err(Error::Http(refusal))) if refusal.status().is_client_error() => {
                    bail!(
                        "the server refuses the stream: {}",
                        said(refusal.body().as_deref())
                    );
                }
                _ => tokio::time::sleep(backoff.next_delay()).await,
            }
        }
        bail!(
            "the stream of {} is lost: no connection to {}",
            self.execution,
            request.uri()
        )
    }
}

fn said(body: Option<&[u8]>) -> String {
    let error: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
    error
        .and_then(|error| error["message"].as_str().map(str::to_owned))
        .unwrap_or_else(|| "no reason given".to_owned())
}
