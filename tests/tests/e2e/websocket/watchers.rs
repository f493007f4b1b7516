//! Several who watch one execution: all see the same, to its end or to the end of the server.

use futures_util::SinkExt as _;
use futures_util::future::join_all;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tests::client::next_frame;
use tests::server::Server;
use tests::watcher::Watched;
use tokio_tungstenite::tungstenite::Message;

use super::{close_code, end, setup, until};

over_every_server! { setup() =>
    a_pending_execution_can_be_watched: ["ws.pending", "loss.first-event"],
    many_may_watch: ["ws.watchers"],
    a_server_that_stops_says_so: ["ws.close.1012", "settings.exit-0"],
}

async fn a_pending_execution_can_be_watched(server: Server) -> Server {
    let (first, session) = server.client().submit("[[text started]][[hang]]").await;
    let body = json!({ "workspace_id": "demo", "prompt": "[[lines n=5]]", "session_id": session });
    let (waiting, _) = server.client().execute(&body).await;
    let mut sockets = Vec::new();
    for client in &server.clients {
        let mut socket = client.socket(&waiting, None).await;
        assert_eq!(
            next_frame(&mut socket).await.unwrap()["data"]["status"],
            "pending"
        );
        // Answered while nothing has happened yet.
        socket
            .send(Message::text(r#"{"type":"ping"}"#))
            .await
            .unwrap();
        assert_eq!(next_frame(&mut socket).await.unwrap()["type"], "pong");
        sockets.push(socket);
    }
    let page = server
        .other()
        .get(&format!("/api/v1/claude/executions/{waiting}/events"))
        .await;
    assert_eq!(page.body, json!({ "events": [], "next_after": null }));
    end(server.other(), &first).await;
    for mut socket in sockets {
        let started = next_frame(&mut socket).await.unwrap();
        assert_eq!(
            (&started["type"], &started["id"]),
            (&json!("status"), &json!("1-1"))
        );
        assert_eq!(
            until(&mut socket, "end").await["data"]["status"],
            "completed"
        );
        assert_eq!(close_code(&mut socket).await, 1000);
    }
    server
}

async fn many_may_watch(server: Server) -> Server {
    let (execution, _) = server
        .client()
        .submit("[[sleep ms=500]][[lines n=60 rate=60]]")
        .await;
    let watching = (0..50).map(|n| {
        let (client, execution) = (
            server.clients[n % server.clients.len()].clone(),
            execution.clone(),
        );
        async move { client.watch(&execution).await }
    });
    let recorded = |watched: &Watched| -> Vec<Value> {
        watched
            .frames
            .iter()
            .filter(|frame| frame["id"].is_string())
            .cloned()
            .collect()
    };
    let all: Vec<_> = join_all(watching).await.iter().map(recorded).collect();
    assert!(all[0].len() > 60);
    assert!(all.iter().all(|seen| *seen == all[0]), "all see the same");
    server
}

async fn a_server_that_stops_says_so(mut server: Server) -> Server {
    let (execution, _) = server.client().submit("[[text started]][[hang]]").await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let mut socket = server.client().socket(&execution, None).await;
        until(&mut socket, "claude_message").await;
        sockets.push(socket);
    }
    let mut api = server.apis.remove(0);
    api.signal(Signal::SIGTERM);
    let codes = join_all(sockets.iter_mut().map(close_code)).await;
    assert_eq!(codes, [1012; 5]);
    assert_eq!(api.exit().await.code(), Some(0));
    if server.clients.len() > 1 {
        end(server.other(), &execution).await;
    }
    server
}
