//! Servers without a key: everybody is anonymous, whatever they show.

use futures_util::SinkExt as _;
use reqwest::StatusCode;
use tests::client::next_frame;
use tests::server::{Server, Setup};
use tokio_tungstenite::tungstenite::Message;

use super::hanging;

over_every_server! { Setup::default().with("LONGSHORE_DRAIN", "1s") =>
    a_token_changes_nothing: ["identity.anonymous", "identity.loopback"],
}

async fn a_token_changes_nothing(server: Server) -> Server {
    for api in &server.apis {
        api.word_after("allers are not identified: everybody on this machine")
            .await;
    }
    let execution = hanging(&server.client().with_token("nonsense")).await;
    let path = format!("/ws/executions/{execution}");
    let offered = [("sec-websocket-protocol", "longshore.v1, bearer.nonsense")];
    let header = [("authorization", "Basic nonsense")];
    for headers in [&offered, &header] {
        let mut socket = server.client().connect(&path, headers).await.unwrap();
        assert_eq!(next_frame(&mut socket).await.unwrap()["type"], "subscribed");
        for frame in [
            r#"{"type":"auth","token":"nonsense"}"#,
            r#"{"type":"ping"}"#,
        ] {
            socket.send(Message::text(frame)).await.unwrap();
        }
        // No frame answers the token, and nothing is closed.
        loop {
            let frame = next_frame(&mut socket).await.unwrap();
            assert_ne!(frame["type"], "error", "{frame}");
            if frame["type"] == "pong" {
                break;
            }
        }
    }
    let cancelled = server.client().cancel(&execution).await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED);
    server
}
