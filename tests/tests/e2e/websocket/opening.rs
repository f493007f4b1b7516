//! How a connection begins: its subprotocol, its first frame.

use serde_json::json;
use tests::client::next_frame;
use tests::server::Server;

use super::{end, hanging, setup, until};

over_every_server! { setup() =>
    the_subprotocol_is_offered_back: ["ws.subprotocol"],
    the_first_frame_says_where_the_stream_stands: ["ws.frame.subscribed"],
}

async fn the_subprotocol_is_offered_back(server: Server) -> Server {
    let (path, execution) = hanging(server.client()).await;
    for (asked, given) in [
        (None, None),
        (Some("longshore.v1"), Some("longshore.v1")),
        (Some("graphql-ws, longshore.v1"), Some("longshore.v1")),
    ] {
        let header = asked.map(|asked| ("sec-websocket-protocol", asked));
        let upgraded = server.client().upgrade(&path, header.as_slice()).await;
        let (mut socket, headers) = upgraded.unwrap();
        let protocol = headers
            .get("sec-websocket-protocol")
            .map(|value| value.to_str().unwrap());
        assert_eq!(protocol, given, "{asked:?}");
        assert_eq!(next_frame(&mut socket).await.unwrap()["type"], "subscribed");
    }
    end(server.client(), &execution).await;
    server
}

async fn the_first_frame_says_where_the_stream_stands(server: Server) -> Server {
    let (execution, session) = server.client().submit("[[text started]][[hang]]").await;
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]", "session_id": session });
    let (waiting, _) = server.client().execute(&body).await;
    let mut socket = server.other().socket(&waiting, None).await;
    let first = next_frame(&mut socket).await.unwrap();
    assert_eq!(
        first["data"],
        json!({ "status": "pending", "last_id": null, "resumed_after": null })
    );

    let mut socket = server.other().socket(&execution, None).await;
    until(&mut socket, "claude_message").await;
    let mut socket = server.client().socket(&execution, Some("1-1")).await;
    let first = next_frame(&mut socket).await.unwrap();
    assert_eq!(
        (
            &first["type"],
            &first["data"]["status"],
            &first["data"]["resumed_after"]
        ),
        (&json!("subscribed"), &json!("running"), &json!("1-1"))
    );
    let last: &str = first["data"]["last_id"].as_str().unwrap();
    assert!(last.starts_with("1-"), "{last}");

    server.client().cancel(&execution).await;
    let ended = server.client().watch(&execution).await;
    let again = server.other().watch_after(&execution, Some("1-2")).await;
    let expected =
        json!({ "status": "cancelled", "last_id": ended.ids().last(), "resumed_after": "1-2" });
    assert_eq!(again.frames[0]["data"], expected);
    assert_eq!(server.client().watch(&waiting).await.status(), "completed");
    server
}
