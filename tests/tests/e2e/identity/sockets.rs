//! WebSockets whose token comes with the upgrade.

use futures_util::SinkExt as _;
use reqwest::StatusCode;
use serde_json::json;
use tests::client::next_frame;
use tests::server::Server;
use tokio_tungstenite::tungstenite::Message;

use super::{answers, bad_tokens, client, hanging, setup, token, unauthorized};

over_every_server! { setup() =>
    a_token_may_be_a_header_or_a_subprotocol: ["identity.ws.header", "identity.ws.subprotocol"],
    a_bad_token_refuses_the_upgrade: ["ws.refused-before", "identity.www-authenticate"],
    what_else_is_wrong_is_told_before_the_upgrade: ["ws.refused-before"],
    whoever_may_only_read_may_not_cancel: ["identity.ws.cancel"],
}

async fn a_token_may_be_a_header_or_a_subprotocol(server: Server) -> Server {
    let good = token("alice").with("scope", json!("read")).signed();
    let execution = hanging(&client(&server, &token("alice"))).await;
    let path = format!("/ws/executions/{execution}");
    let header = format!("Bearer {good}");
    for (name, value, echoed) in [
        ("authorization", header.clone(), None),
        ("authorization", header.replace("Bearer", "bearer"), None),
        (
            "sec-websocket-protocol",
            format!("longshore.v1, bearer.{good}"),
            Some("longshore.v1"),
        ),
        (
            "sec-websocket-protocol",
            format!("bearer.{good},longshore.v1"),
            Some("longshore.v1"),
        ),
    ] {
        let upgraded = server.client().upgrade(&path, &[(name, &value)]).await;
        let (mut socket, headers) = upgraded.unwrap();
        let protocol = headers
            .get("sec-websocket-protocol")
            .map(|value| value.to_str().unwrap());
        assert_eq!(protocol, echoed, "the token is never sent back");
        assert_eq!(
            next_frame(&mut socket).await.unwrap()["type"],
            "subscribed",
            "{name}"
        );
    }
    client(&server, &token("alice")).cancel(&execution).await;
    server
}

async fn a_bad_token_refuses_the_upgrade(server: Server) -> Server {
    let execution = hanging(&client(&server, &token("alice"))).await;
    let path = format!("/ws/executions/{execution}");
    for (token, says) in bad_tokens() {
        let refusal = server.client().with_token(&token).connect(&path, &[]).await;
        unauthorized(&refusal.unwrap_err(), &token, says);
        let offered = format!("longshore.v1, bearer.{token}");
        let refusal = server
            .client()
            .connect(&path, &[("sec-websocket-protocol", &offered)])
            .await;
        unauthorized(&refusal.unwrap_err(), &token, says);
    }
    client(&server, &token("alice")).cancel(&execution).await;
    server
}

async fn what_else_is_wrong_is_told_before_the_upgrade(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let path = format!("/ws/executions/{execution}");
    let blind = client(&server, &token("alice").with("scope", json!("execute")));
    let refusal = blind.connect(&path, &[]).await.unwrap_err();
    assert_eq!(
        (refusal.status, refusal.code()),
        (StatusCode::FORBIDDEN, "FORBIDDEN")
    );
    // Also where the token is still to come.
    for who in [&alice, server.client()] {
        let after = who
            .connect(&format!("{path}?after=x"), &[])
            .await
            .unwrap_err();
        assert_eq!(after.code(), "INVALID_CURSOR");
        let query = who
            .connect(&format!("{path}?token=x"), &[])
            .await
            .unwrap_err();
        assert_eq!(query.code(), "INVALID_REQUEST");
        let origin = [("origin", "https://evil.example")];
        let foreign = who.connect(&path, &origin).await.unwrap_err();
        assert_eq!(
            (foreign.status, foreign.code()),
            (StatusCode::FORBIDDEN, "FORBIDDEN")
        );
        let none = who.connect("/ws/executions/none", &[]).await.unwrap_err();
        assert_eq!(none.code(), "EXECUTION_NOT_FOUND");
        assert_eq!(who.get(&path).await.code(), "UPGRADE_REQUIRED");
    }
    alice.cancel(&execution).await;
    server
}

async fn whoever_may_only_read_may_not_cancel(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let reader = client(&server, &token("alice").with("scope", json!("read")));
    let mut socket = reader.socket(&execution, None).await;
    for _ in 0..25 {
        socket
            .send(Message::text(r#"{"type":"cancel"}"#))
            .await
            .unwrap();
        let frame = loop {
            let frame = next_frame(&mut socket).await.unwrap();
            if frame["type"] == "error" {
                break frame;
            }
        };
        assert_eq!(frame["data"]["code"], "FORBIDDEN");
    }
    // The connection has gone on, and so has the execution.
    answers(&mut socket).await;
    assert_eq!(alice.execution(&execution).await["status"], "running");
    let mut own = alice.socket(&execution, None).await;
    own.send(Message::text(r#"{"type":"cancel"}"#))
        .await
        .unwrap();
    assert_eq!(alice.watch(&execution).await.status(), "cancelled");
    server
}
