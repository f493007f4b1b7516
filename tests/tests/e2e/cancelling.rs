//! Cancelling in every state, and what it leaves.

use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use reqwest::StatusCode;
use tests::server::{SOON, Server, Setup};
use tests::watcher::Watched;
use tokio_tungstenite::tungstenite::Message;

over_every_server! { Setup::default().with("LONGSHORE_SLOTS", "1") =>
    a_running_execution_is_cancelled: [
        "executions.cancel.202", "executions.cancel.200", "executions.cancel.running", "run.error.cancelled",
    ],
    a_socket_can_cancel: ["ws.command.cancel"],
    a_deaf_cli_is_killed: ["executions.cancel.running"],
    a_pending_execution_never_runs: ["executions.cancel.pending", "executions.cancel.202"],
    an_ended_execution_stays_as_it_ended: ["executions.cancel.200", "executions.ended-is-final"],
    cancelling_races_with_success: ["executions.cancel.race"],
}

async fn a_running_execution_is_cancelled(server: Server) -> Server {
    let execution = server
        .running(r#"[[tool Bash {"command":"sleep 300"}]]"#)
        .await;
    let answer = server.other().cancel(&execution).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.body["execution_id"], execution.as_str());
    let watched = server.client().watch(&execution).await;
    assert_eq!(
        (watched.status(), watched.code()),
        ("cancelled", "CANCELLED")
    );
    let again = server.client().cancel(&execution).await;
    assert_eq!(
        (again.status, &again.body["status"]),
        (StatusCode::OK, &"cancelled".into())
    );
    server
}

async fn a_socket_can_cancel(server: Server) -> Server {
    let execution = server.running("[[hang]]").await;
    let mut socket = server.other().socket(&execution, None).await;
    socket
        .send(Message::text(r#"{"type":"cancel"}"#))
        .await
        .unwrap();
    let watched = Watched::to_end(socket, None).await;
    assert_eq!(watched.status(), "cancelled");
    server
}

async fn a_deaf_cli_is_killed(server: Server) -> Server {
    let execution = server
        .running("[[daemon]][[deaf]][[ignore-signals]][[hang]]")
        .await;
    let asked = Instant::now();
    server.client().cancel(&execution).await;
    let watched = server.client().watch(&execution).await;
    assert_eq!(watched.status(), "cancelled");
    assert!(
        asked.elapsed() < SOON + Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    server
}

async fn a_pending_execution_never_runs(server: Server) -> Server {
    // Fills every slot, so that the next one waits.
    let mut running = Vec::new();
    for _ in 0..server.workers.len().max(1) {
        running.push(server.running("[[hang]]").await);
    }
    let (waiting, _) = server.client().submit("[[text never]]").await;
    let answer = server.other().cancel(&waiting).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (StatusCode::ACCEPTED, &"cancelled".into())
    );
    let watched = server.client().watch(&waiting).await;
    assert_eq!(watched.ids().collect::<Vec<_>>(), ["0-1"]);
    for execution in running {
        server.client().cancel(&execution).await;
        server.client().watch(&execution).await;
    }
    // Everything that was queued before this one has been answered when it has run.
    server.client().run("[[text last]]").await;
    let record = server.client().execution(&waiting).await;
    assert_eq!(
        (&record["status"], &record["attempt"]),
        (&"cancelled".into(), &serde_json::Value::Null)
    );
    let ran = fake_claude::witness::read(&server.witness());
    assert!(
        ran.iter()
            .all(|record| record.execution.as_deref() != Some(waiting.as_str()))
    );
    server
}

async fn an_ended_execution_stays_as_it_ended(server: Server) -> Server {
    let watched = server.client().run("[[text fine]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let answer = server.other().cancel(execution).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (StatusCode::OK, &"completed".into())
    );
    server
}

/// Whichever wins, there is one end, and the record agrees with it.
async fn cancelling_races_with_success(server: Server) -> Server {
    for delay in 0..12 {
        let (execution, _) = server.client().submit("[[text quick]]").await;
        let watching = tokio::spawn({
            let (client, execution) = (server.other().clone(), execution.clone());
            async move { client.watch(&execution).await }
        });
        tokio::time::sleep(Duration::from_millis(delay * 4)).await;
        server.client().cancel(&execution).await;
        let watched = watching.await.unwrap();
        let record = server.client().execution(&execution).await;
        assert_eq!(record["status"], watched.status());
        assert!(["completed", "cancelled"].contains(&watched.status()));
    }
    server
}
