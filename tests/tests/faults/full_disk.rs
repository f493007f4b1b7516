//! A worker's disk is full: what runs there ends, and there is a place for the next.

use serde_json::json;
use tests::server::{Server, Setup};
use tests::services::engines;

#[tokio::test]
async fn a_full_disk_ends_what_runs_and_takes_no_slot() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup.with("LONGSHORE_SLOTS", "1"), |mut server| async move {
        let Some(disk) = server.start_worker_on_a_small_disk().await else {
            eprintln!("not tested: no disk can be mounted here");
            return server;
        };
        let (before, session) = server.client().submit("[[text one]]").await;
        assert_eq!(server.ended(&before).await["status"], "completed");
        // The disk is full when the run wants to keep its transcript: it has its result all the same.
        let body = json!({ "workspace_id": "demo", "prompt": "[[lines n=20 rate=10]][[text two]]", "session_id": session });
        let (during, _) = server.client().execute(&body).await;
        server.speaks(&during).await;
        disk.fill();
        let ended = server.ended(&during).await;
        assert_eq!(ended["status"], "completed", "{ended:#}");
        // Nothing can begin on it, and each is told so. The run that has ended left some room.
        disk.fill();
        let mut executions = vec![before, during];
        for _ in 0..3 {
            let (execution, _) = server.client().submit("[[text three]]").await;
            let ended = server.ended(&execution).await;
            assert_eq!(ended["error"]["code"], "CLI_START_FAILED", "{ended:#}");
            executions.push(execution);
        }
        disk.make_room();
        let (after, _) = server.client().submit("[[text four]]").await;
        assert_eq!(server.ended(&after).await["status"], "completed");
        executions.push(after);
        server.settled(&executions).await;
        server
    })
    .await;
}
