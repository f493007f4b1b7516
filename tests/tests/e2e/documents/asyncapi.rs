//! The AsyncAPI document: every frame that is sent is as it says, and its examples are as what is sent.

use std::collections::BTreeMap;

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tests::client::next_frame;
use tests::document::{Document, is_valid, members};
use tests::server::{Server, Setup};
use tests::watcher::Watched;
use tokio_tungstenite::tungstenite::Message;

over_every_server! { Setup::default().with("LONGSHORE_MAX_EVENTS", "100") =>
    frames_are_as_described: ["asyncapi.frames", "asyncapi.examples", "ws.frame.shape"],
    commands_are_as_described: ["asyncapi.examples", "ws.command.ping", "ws.command.cancel"],
}

const FROM_SERVER: [&str; 9] = [
    "subscribed",
    "status",
    "claude_message",
    "partial",
    "progress",
    "gap",
    "end",
    "error",
    "pong",
];
const FROM_CLIENT: [&str; 3] = ["cancel", "ping", "auth"];

/// The payloads of a message's examples.
fn examples(document: &Document, message: &str) -> Vec<Value> {
    let examples = document.0["components"]["messages"][message]["examples"].as_array();
    let payloads = examples.into_iter().flatten();
    payloads.map(|example| example["payload"].clone()).collect()
}

/// Frames of every type, each from a real socket, and every way to end.
async fn frames(server: &Server) -> Vec<Value> {
    let (client, other) = (server.client(), server.other());
    let (first, session) = client.submit("[[text started]][[hang]]").await;
    let turn = |prompt: &str| json!({ "workspace_id": "demo", "prompt": prompt, "session_id": session, "stream": true });
    let (execution, _) = client.execute(&turn("[[partials n=5]][[lines n=3]]")).await;
    let (never, _) = client.execute(&turn("[[text never]]")).await;
    // It waits for its predecessor, so that nothing is over before it is watched.
    let mut socket = other.socket(&execution, None).await;
    for text in [r#"{"type":"ping"}"#, "nonsense"] {
        socket.send(Message::text(text)).await.unwrap();
    }
    client.cancel(&never).await;
    client.cancel(&first).await;
    let mut all = Watched::to_end(socket, None).await.frames;
    all.extend(other.watch(&first).await.frames);
    all.extend(other.watch(&never).await.frames);
    for prompt in [
        "[[exit code=3 stderr=no]]",
        "[[error subtype=error_max_turns]]",
        "[[lines n=300]]",
    ] {
        all.extend(client.run(prompt).await.frames);
    }
    // Beyond the log, and before what is kept of it.
    let last = all.last().unwrap()["execution_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (id, after) in [(&execution, "7-1"), (&last, "1-2")] {
        let mut socket = other.socket(id, Some(after)).await;
        while let Ok(frame) = next_frame(&mut socket).await {
            all.push(frame);
        }
    }
    all
}

async fn frames_are_as_described(server: Server) -> Server {
    let document = Document::committed("asyncapi.yaml");
    let messages = &document.0["components"]["messages"];
    let validators: BTreeMap<&str, _> = FROM_SERVER
        .into_iter()
        .map(|message| (message, document.validator(&messages[message]["payload"])))
        .collect();
    let frames = frames(&server).await;
    for frame in &frames {
        let kind = frame["type"].as_str().unwrap();
        let validator = validators
            .get(kind)
            .unwrap_or_else(|| panic!("{kind} is not described"));
        is_valid(validator, frame, kind);
    }
    for message in FROM_SERVER {
        let examples = examples(&document, message);
        assert!(!examples.is_empty(), "{message} has no example");
        let real: Vec<_> = frames
            .iter()
            .filter(|frame| frame["type"] == message)
            .map(members)
            .collect();
        assert!(!real.is_empty(), "no {message} was sent");
        for example in &examples {
            is_valid(&validators[message], example, message);
            // That one needs a worker that is killed, which is a test of its own.
            let is_loss = example["data"]["reason"] == "worker_lost";
            assert!(
                is_loss || real.contains(&members(example)),
                "no {message} like {example}"
            );
        }
        for real in real {
            assert!(
                examples.iter().any(|example| members(example) == real),
                "no example of {message} like {real:?}"
            );
        }
    }
    let ends: Vec<&str> = frames
        .iter()
        .filter(|frame| frame["type"] == "end")
        .map(|frame| frame["data"]["status"].as_str().unwrap())
        .collect();
    for status in ["completed", "failed", "cancelled"] {
        assert!(ends.contains(&status), "{status} in {ends:?}");
    }
    server
}

async fn commands_are_as_described(server: Server) -> Server {
    let document = Document::committed("asyncapi.yaml");
    let messages = document.0["components"]["messages"].as_object().unwrap();
    for message in FROM_CLIENT {
        let validator = document.validator(&messages[message]["payload"]);
        for example in examples(&document, message) {
            is_valid(&validator, &example, message);
        }
    }
    let mut described: Vec<&str> = messages.keys().map(String::as_str).collect();
    described.sort_unstable();
    let mut all = [&FROM_SERVER[..], &FROM_CLIENT].concat();
    all.sort_unstable();
    assert_eq!(described, all);

    let (execution, _) = server.client().submit("[[text started]][[hang]]").await;
    let mut socket = server.other().socket(&execution, None).await;
    // Where nobody is identified a token is taken without a word.
    let token = examples(&document, "auth").pop().unwrap();
    socket.send(Message::text(token.to_string())).await.unwrap();
    for (message, answer) in [("ping", "pong"), ("cancel", "end")] {
        let example = examples(&document, message).pop().unwrap();
        socket
            .send(Message::text(example.to_string()))
            .await
            .unwrap();
        loop {
            let frame = next_frame(&mut socket).await.unwrap();
            assert_ne!(frame["type"], "error", "{frame}");
            if frame["type"] == answer {
                break;
            }
        }
    }
    server
}

/// The two documents name the same codes.
#[test]
fn the_codes_of_an_execution_are_the_same_in_both_documents() {
    let (stream, http) = (
        Document::committed("asyncapi.yaml"),
        Document::committed("openapi.yaml"),
    );
    let stream = &stream.0["components"]["schemas"]["ExecutionError"]["properties"]["code"]["enum"];
    assert_eq!(
        *stream,
        http.0["components"]["schemas"]["ExecutionErrorCode"]["enum"]
    );
}
