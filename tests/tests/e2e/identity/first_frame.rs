//! WebSockets whose token is their first frame.

use futures_util::SinkExt as _;
use serde_json::json;
use tests::client::{Client, Socket, next_frame};
use tests::server::Server;
use tests::watcher::Watched;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::{bad_tokens, client, hanging, refused, setup, token};

over_every_server! { setup() =>
    a_token_may_be_the_first_frame: ["identity.ws.frame"],
    a_first_frame_that_is_not_accepted_closes: ["identity.ws.frame", "ws.close.4401", "ws.close.4403", "ws.close.4404"],
    a_first_frame_that_does_not_come_closes: ["identity.ws.frame", "ws.close.4401"],
}

async fn open(client: &Client, execution: &str) -> Socket {
    client.socket(execution, None).await
}

/// An open socket whose first frame brought a token.
async fn authenticated(client: &Client, execution: &str, token: &str) -> Socket {
    let mut socket = open(client, execution).await;
    let auth = json!({ "type": "auth", "token": token });
    socket.send(Message::text(auth.to_string())).await.unwrap();
    socket
}

async fn a_token_may_be_the_first_frame(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let (execution, _) = alice.submit("[[text fine]]").await;
    let good = token("alice").signed();
    let socket = authenticated(server.other(), &execution, &good).await;
    assert_eq!(Watched::to_end(socket, None).await.status(), "completed");
    // A ping of the protocol may come before.
    let mut socket = open(server.client(), &execution).await;
    socket.send(Message::Ping("first".into())).await.unwrap();
    let auth = json!({ "type": "auth", "token": good });
    socket.send(Message::text(auth.to_string())).await.unwrap();
    assert_eq!(Watched::to_end(socket, None).await.status(), "completed");
    server
}

async fn a_first_frame_that_is_not_accepted_closes(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    for (token, _) in bad_tokens() {
        let mut socket = authenticated(server.client(), &execution, &token).await;
        refused(&mut socket, "UNAUTHORIZED", 4401).await;
    }
    for frame in [
        Message::text(""),
        Message::text(r#"{"type":"ping"}"#),
        Message::text(r#"{"type":"cancel"}"#),
        Message::text(r#"{"type":"auth"}"#),
        Message::text(token("alice").signed()),
        Message::binary(r#"{"type":"auth","token":"x"}"#),
    ] {
        let mut socket = open(server.client(), &execution).await;
        socket.send(frame).await.unwrap();
        refused(&mut socket, "UNAUTHORIZED", 4401).await;
    }
    let blind = token("alice").with("scope", json!("execute")).signed();
    let mut socket = authenticated(server.client(), &execution, &blind).await;
    refused(&mut socket, "FORBIDDEN", 4403).await;
    let bob = token("bob").with("workspaces", json!(["other"])).signed();
    let mut socket = authenticated(server.client(), &execution, &bob).await;
    refused(&mut socket, "EXECUTION_NOT_FOUND", 4404).await;
    let unknown = Uuid::now_v7().to_string();
    let mut socket = authenticated(server.client(), &unknown, &bob).await;
    refused(&mut socket, "EXECUTION_NOT_FOUND", 4404).await;
    let mut socket = open(server.client(), &execution).await;
    socket
        .send(Message::text("x".repeat((64 << 10) + 1)))
        .await
        .unwrap();
    assert_eq!(next_frame(&mut socket).await, Err(1009));
    // None of them has ended it.
    assert_eq!(alice.execution(&execution).await["error"], json!(null));
    alice.cancel(&execution).await;
    server
}

async fn a_first_frame_that_does_not_come_closes(server: Server) -> Server {
    let execution = hanging(&client(&server, &token("alice"))).await;
    let mut socket = open(server.client(), &execution).await;
    refused(&mut socket, "UNAUTHORIZED", 4401).await;
    client(&server, &token("alice")).cancel(&execution).await;
    server
}
