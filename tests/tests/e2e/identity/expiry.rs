//! Tokens that end while a WebSocket is open.

use futures_util::SinkExt as _;
use serde_json::json;
use tests::client::{Client, Socket, next_frame};
use tests::server::Server;
use tokio_tungstenite::tungstenite::Message;

use super::{answers, bad_tokens, client, hanging, setup, token};

over_every_server! { setup() =>
    a_socket_ends_with_its_token: ["ws.close.4401", "identity.exp.leeway"],
    an_event_stream_ends_with_its_token,
    a_token_may_be_renewed: ["identity.ws.renew"],
    a_renewal_that_is_not_accepted_closes: ["identity.ws.renew", "ws.close.4401", "ws.close.4403", "ws.close.4404"],
}

/// Seconds that a token lives here: enough to connect with it on a busy machine.
const SHORT: u64 = 6;

/// A socket that has shown the first of the execution's frames.
async fn watching(client: &Client, execution: &str) -> Socket {
    let mut socket = client.socket(execution, None).await;
    assert_eq!(next_frame(&mut socket).await.unwrap()["type"], "subscribed");
    socket
}

async fn renew(socket: &mut Socket, token: &str) {
    let auth = json!({ "type": "auth", "token": token });
    socket.send(Message::text(auth.to_string())).await.unwrap();
}

/// Reads up to the close; the last frame before it, and its code.
async fn to_close(socket: &mut Socket) -> (serde_json::Value, u16) {
    let mut last = json!(null);
    loop {
        match next_frame(socket).await {
            Ok(frame) => last = frame,
            Err(code) => return (last, code),
        }
    }
}

async fn a_socket_ends_with_its_token(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let short = client(&server, &token("alice").ends_in(SHORT));
    let mut socket = watching(&short, &execution).await;
    assert_eq!(to_close(&mut socket).await.1, 4401);
    // The execution goes on, and the caller comes back with a new token.
    assert_eq!(alice.execution(&execution).await["status"], "running");
    watching(&alice, &execution).await;
    alice.cancel(&execution).await;
    server
}

async fn an_event_stream_ends_with_its_token(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let short = client(&server, &token("alice").ends_in(SHORT));
    let stream = short.event_stream(&execution, None).await.unwrap();
    let events = stream.to_end().await;
    assert!(
        events.iter().all(|event| event.event != "end"),
        "{events:?}"
    );
    let last = events.iter().rev().find_map(|event| event.id.as_deref());
    alice.cancel(&execution).await;
    let rest = alice.event_stream(&execution, last).await.unwrap();
    assert_eq!(rest.to_end().await.last().unwrap().event, "end");
    server
}

async fn a_token_may_be_renewed(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let short = client(&server, &token("alice").ends_in(SHORT));
    let mut renewed = watching(&short, &execution).await;
    let mut left = watching(&short, &execution).await;
    renew(
        &mut renewed,
        &token("alice").with("scope", json!("read")).signed(),
    )
    .await;
    // When the token has ended for the one, it has ended for the other.
    assert_eq!(to_close(&mut left).await.1, 4401);
    answers(&mut renewed).await;
    // What the new token does not allow is not allowed any more.
    renewed
        .send(Message::text(r#"{"type":"cancel"}"#))
        .await
        .unwrap();
    assert_eq!(
        next_frame(&mut renewed).await.unwrap()["data"]["code"],
        "FORBIDDEN"
    );
    // It ends with the new token in turn.
    renew(&mut renewed, &token("alice").ends_in(SHORT).signed()).await;
    assert_eq!(to_close(&mut renewed).await.1, 4401);
    alice.cancel(&execution).await;
    server
}

async fn a_renewal_that_is_not_accepted_closes(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let bad = bad_tokens()
        .into_iter()
        .map(|(token, _)| (token, "UNAUTHORIZED", 4401));
    let others = [
        (token("bob").signed(), "FORBIDDEN", 4403),
        (
            token("alice").with("scope", json!("execute")).signed(),
            "FORBIDDEN",
            4403,
        ),
        (
            token("alice").with("workspaces", json!(["other"])).signed(),
            "EXECUTION_NOT_FOUND",
            4404,
        ),
    ];
    for (token, code, close) in bad.chain(others) {
        let mut socket = watching(&alice, &execution).await;
        renew(&mut socket, &token).await;
        let (last, closed) = to_close(&mut socket).await;
        assert_eq!(
            (&last["type"], &last["data"]["code"]),
            (&json!("error"), &json!(code))
        );
        assert_eq!(closed, close, "{code}");
    }
    alice.cancel(&execution).await;
    server
}
