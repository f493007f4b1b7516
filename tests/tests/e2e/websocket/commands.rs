//! Commands of a client, or what is none.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tests::process::PATIENCE;
use tests::server::Server;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{close_code, end, reply, setup, until, watching};

over_every_server! { setup() =>
    a_ping_is_answered: ["ws.command.ping", "ws.frame.pong", "ws.protocol-ping"],
    what_is_no_command_is_refused_and_the_stream_goes_on: [
        "ws.command.invalid", "ws.command.cancel", "ws.frame.error",
    ],
}

const INVALID: [&str; 10] = [
    "",
    "ping",
    "{}",
    "null",
    "[]",
    r#"["ping"]"#,
    r#"{"type":"stop"}"#,
    r#"{"type":"PING"}"#,
    r#"{"type":["ping"]}"#,
    r#"{"type":"ping","type":"ping"}"#,
];

async fn a_ping_is_answered(server: Server) -> Server {
    let (mut socket, execution) = watching(server.client()).await;
    for _ in 0..50 {
        socket
            .send(Message::text(r#" {"type" : "ping"} "#))
            .await
            .unwrap();
        assert_eq!(reply(&mut socket).await.unwrap()["type"], "pong");
    }
    // And those of the protocol, which browsers cannot send and proxies do.
    socket
        .send(Message::Ping("are you there".into()))
        .await
        .unwrap();
    let pong = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Pong(payload) = message {
                return payload;
            }
        }
        panic!("closed");
    };
    let payload = timeout(PATIENCE, pong).await.expect("a pong in time");
    assert_eq!(payload, "are you there");
    end(server.client(), &execution).await;
    server
}

async fn what_is_no_command_is_refused_and_the_stream_goes_on(server: Server) -> Server {
    let (mut socket, execution) = watching(server.client()).await;
    let texts = INVALID
        .into_iter()
        .chain([r#"{"type":"cancel","force":true}"#])
        .map(Message::text);
    for message in texts.chain([
        Message::binary(r#"{"type":"ping"}"#),
        Message::binary(b"".as_slice()),
    ]) {
        socket.send(message.clone()).await.unwrap();
        let answer = reply(&mut socket).await.unwrap();
        assert_eq!(
            (&answer["type"], &answer["data"]["code"]),
            (&json!("error"), &json!("INVALID_REQUEST")),
            "{message}"
        );
        let says = answer["data"]["message"].as_str().unwrap();
        assert!(
            says.contains(r#"{"type":"cancel"}"#),
            "says what would be right: {says}"
        );
    }
    assert_eq!(
        server.client().execution(&execution).await["status"],
        "running"
    );
    socket
        .send(Message::text(r#"{"type":"cancel"}"#))
        .await
        .unwrap();
    let end = until(&mut socket, "end").await;
    assert_eq!(end["data"]["error"]["code"], "CANCELLED");
    assert_eq!(close_code(&mut socket).await, 1000);
    server
}
