//! Opens the stream of an execution.

use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::client::Api;

/// How long a connection may take to open.
const OPENING: Duration = Duration::from_secs(10);

/// A line of the CLI may be 16 MiB.
const MAX_FRAME: usize = 32 << 20;

/// What is read at once. The default is 128 KiB for each connection, of which a load test has thousands.
const READ_BUFFER: usize = 16 << 10;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why it is not open.
#[derive(Debug)]
pub(crate) enum NotOpen {
    /// The server says no, and why.
    Refused(String),
    /// Nobody answered, or a server that is to be asked again.
    Later,
}

/// The stream after an event, or from its start.
pub(crate) async fn open(
    api: &Api,
    execution: &str,
    after: Option<&str>,
) -> Result<Socket, NotOpen> {
    let request = api.socket(execution, after);
    let request = request.map_err(|error| NotOpen::Refused(error.to_string()))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let connecting = connect_async_with_config(request, Some(config), true);
    match timeout(OPENING, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(refusal))) if refusal.status().is_client_error() => {
            Err(NotOpen::Refused(said(refusal.body().as_deref())))
        }
        _ => Err(NotOpen::Later),
    }
}

fn said(body: Option<&[u8]>) -> String {
    let error: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
    error
        .and_then(|error| error["message"].as_str().map(str::to_owned))
        .unwrap_or_else(|| "no reason given".to_owned())
}
