//! The shape of every frame.

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tests::server::Server;
use tests::watcher::Watched;
use tokio_tungstenite::tungstenite::Message;

use super::{end, setup};

over_every_server! { setup() =>
    every_frame_has_the_same_shape: ["ws.frame.shape"],
}

async fn every_frame_has_the_same_shape(server: Server) -> Server {
    // It waits for its predecessor, so that nothing is over before it is watched.
    let (first, session) = server.client().submit("[[text started]][[hang]]").await;
    let body = json!({
        "workspace_id": "demo", "prompt": "[[partials n=5]][[text fine]]", "stream": true, "session_id": session,
    });
    let (execution, _) = server.client().execute(&body).await;
    let mut socket = server.other().socket(&execution, None).await;
    socket
        .send(Message::text(r#"{"type":"ping"}"#))
        .await
        .unwrap();
    socket.send(Message::text("nonsense")).await.unwrap();
    end(server.client(), &first).await;
    let watched = Watched::to_end(socket, None).await;
    let keys = |value: &Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys.join(" ")
    };
    let mut kinds = std::collections::BTreeSet::new();
    for frame in &watched.frames {
        let kind = frame["type"].as_str().unwrap();
        kinds.insert(kind);
        let (recorded, data) = match kind {
            "subscribed" => (false, "last_id resumed_after status"),
            "status" => (true, "attempt status"),
            "end" => (true, "error messages result status"),
            "progress" => (false, "messages progress turns"),
            "error" => (false, "code message"),
            "pong" => (false, ""),
            "partial" => (false, ""),
            "claude_message" => (true, ""),
            other => panic!("{other} is no type of the contract"),
        };
        let expected = if recorded {
            "data execution_id id timestamp type"
        } else {
            "data execution_id timestamp type"
        };
        assert_eq!(keys(frame), expected, "{frame}");
        if !data.is_empty() {
            assert_eq!(keys(&frame["data"]), data, "{frame}");
        }
        assert_eq!(frame["execution_id"], execution.as_str());
        let timestamp = frame["timestamp"].as_str().unwrap();
        assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{frame}");
    }
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [
            "claude_message",
            "end",
            "error",
            "partial",
            "pong",
            "progress",
            "status",
            "subscribed"
        ]
    );
    server
}
