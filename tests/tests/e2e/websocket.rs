//! The WebSocket, frame by frame.

use serde_json::Value;
use tests::client::{Client, Socket, next_frame};
use tests::server::Setup;

mod commands;
mod opening;
mod resuming;
mod shape;
mod slow;
mod too_much;
mod truncated;
mod verbatim;
mod watchers;

/// Servers that do not wait long for an execution that hangs.
fn setup() -> Setup {
    Setup::default().with("LONGSHORE_DRAIN", "1s")
}

/// The path of an execution that goes on until it is cancelled, and its id.
async fn hanging(client: &Client) -> (String, String) {
    let (execution, _) = client.submit("[[text started]][[hang]]").await;
    (format!("/ws/executions/{execution}"), execution)
}

/// An open socket of an execution that goes on until it is cancelled, and its id.
async fn watching(client: &Client) -> (Socket, String) {
    let (_, execution) = hanging(client).await;
    let mut socket = client.socket(&execution, None).await;
    until(&mut socket, "claude_message").await;
    (socket, execution)
}

/// The next frame that is not about the execution, or the close code.
async fn reply(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let frame = next_frame(socket).await?;
        if frame["type"] != "claude_message" && frame["type"] != "progress" {
            return Ok(frame);
        }
    }
}

/// Reads up to the first frame of a type.
async fn until(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let frame = next_frame(socket)
            .await
            .unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
        if frame["type"] == kind {
            return frame;
        }
    }
}

/// Reads up to the close.
async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        if let Err(code) = next_frame(socket).await {
            return code;
        }
    }
}

async fn end(client: &Client, execution: &str) {
    client.cancel(execution).await;
    client.watch(execution).await;
}
