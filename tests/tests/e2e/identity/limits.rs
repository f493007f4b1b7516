//! How many sockets may be open.

use futures_util::SinkExt as _;
use reqwest::StatusCode;
use serde_json::json;
use tests::client::{Answer, Client, Socket};
use tests::process::PATIENCE;
use tests::server::{Server, Setup};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{client, hanging, refused, setup, token};

over_every_server! { limited() =>
    sockets_are_limited_and_given_back: ["ws.limit"],
    who_shows_no_token_takes_no_place_of_who_does: ["ws.limit"],
    a_caller_that_is_known_late_is_limited_too: ["ws.limit", "ws.close.1013"],
}

fn limited() -> Setup {
    setup()
        .with("LONGSHORE_MAX_WEBSOCKETS", "3")
        .with("LONGSHORE_MAX_WEBSOCKETS_PER_CALLER", "2")
}

async fn open(client: &Client, execution: &str) -> Result<Socket, Answer> {
    client
        .connect(&format!("/ws/executions/{execution}"), &[])
        .await
}

fn too_many(refusal: &Answer, says: &str) {
    assert_eq!(
        (refusal.status, refusal.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_CONNECTIONS")
    );
    let seconds: u32 = refusal.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(seconds > 0);
    let message = refusal.body["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
}

async fn sockets_are_limited_and_given_back(server: Server) -> Server {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| client(&server, &token(name)));
    let execution = hanging(&alice).await;
    let first = open(&alice, &execution).await.unwrap();
    let _second = open(&alice, &execution).await.unwrap();
    too_many(
        &open(&alice, &execution).await.unwrap_err(),
        "the caller has all",
    );
    let stream = alice.event_stream(&execution, None).await;
    too_many(&stream.err().expect("no stream"), "the caller has all");
    let _third = bob.event_stream(&execution, None).await.unwrap();
    for who in [&carol, server.client()] {
        too_many(
            &open(who, &execution).await.unwrap_err(),
            "this server has all",
        );
    }
    // What is refused takes no place, and what was given back is free.
    drop(first);
    let freed = async { while open(&carol, &execution).await.is_err() {} };
    timeout(PATIENCE, freed)
        .await
        .expect("the place is given back");
    alice.cancel(&execution).await;
    server
}

async fn who_shows_no_token_takes_no_place_of_who_does(server: Server) -> Server {
    let [alice, bob] = ["alice", "bob"].map(|name| client(&server, &token(name)));
    let execution = hanging(&alice).await;
    let _unknown = open(server.client(), &execution).await.unwrap();
    too_many(
        &open(server.client(), &execution).await.unwrap_err(),
        "without a token",
    );
    let mut known = Vec::new();
    for who in [&alice, &alice, &bob] {
        known.push(open(who, &execution).await.unwrap());
    }
    alice.cancel(&execution).await;
    server
}

async fn a_caller_that_is_known_late_is_limited_too(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let execution = hanging(&alice).await;
    let _first = open(&alice, &execution).await.unwrap();
    let _second = open(&alice, &execution).await.unwrap();
    let mut late = open(server.client(), &execution).await.unwrap();
    let auth = json!({ "type": "auth", "token": token("alice").signed() });
    late.send(Message::text(auth.to_string())).await.unwrap();
    refused(&mut late, "TOO_MANY_CONNECTIONS", 1013).await;
    alice.cancel(&execution).await;
    server
}
