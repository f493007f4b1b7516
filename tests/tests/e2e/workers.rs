//! Workers come and go: their sessions are continued, their executions are taken over.

use nix::sys::signal::Signal;
use serde_json::json;
use tests::client::next_frame;
use tests::document::{Document, is_valid};
use tests::process::{PATIENCE, until};
use tests::server::{Server, Setup};
use tests::services::engines;

/// The first worker is gone when the second turn comes.
#[tokio::test]
async fn another_worker_continues_a_session() {
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        let (first, session) = server
            .client()
            .submit("The word is plover. [[text noted]]")
            .await;
        server.client().watch(&first).await;
        server.workers.remove(0).stop().await;
        server.start_worker().await;
        let body = json!({ "workspace_id": "demo", "prompt": "[[recall]]", "session_id": session });
        let (second, _) = server.other().execute(&body).await;
        let watched = server.client().watch(&second).await;
        assert!(
            watched.text().contains("The word is plover."),
            "{}",
            watched.text()
        );
        tests::proved!(Cluster, another_worker_continues_a_session: "sessions.memory");
        server
    })
    .await;
}

/// A worker that is killed has its execution run again by the other, with a stream that says so.
#[tokio::test]
async fn another_worker_takes_over_from_a_killed_one() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    }
    .with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |mut server| async move {
        let (execution, _) = server
            .client()
            .submit("[[hang once]][[text made it]]")
            .await;
        let mut socket = server.client().socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        let mut killed = server.workers.remove(0);
        killed.signal(Signal::SIGKILL);
        killed.exit().await;
        server.start_worker().await;
        let watched = server.other().watch(&execution).await;
        assert_eq!(
            (watched.status(), watched.text().trim()),
            ("completed", "made it")
        );
        let document = Document::committed("asyncapi.yaml");
        let payload = document.0["components"]["messages"]["status"]["payload"].clone();
        let validator = document.validator(&payload);
        for frame in watched.frames.iter().filter(|frame| frame["type"] == "status") {
            is_valid(&validator, frame, "status");
        }
        let status: Vec<_> = watched
            .of("status")
            .map(|data| (data["status"].as_str(), data["attempt"].as_u64()))
            .collect();
        assert_eq!(
            status,
            [
                (Some("running"), Some(1)),
                (Some("pending"), Some(1)),
                (Some("running"), Some(2))
            ]
        );
        tests::proved!(Cluster, another_worker_takes_over_from_a_killed_one: "loss.auto", "ws.frame.status", "asyncapi.frames");
        server
    })
    .await;
}

/// A worker that slept while its execution was taken over, on the same host, wakes up and leaves the successor alone.
#[tokio::test]
async fn a_worker_that_slept_leaves_its_successor_alone() {
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    }
    .with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |mut server| async move {
        let prompt = "[[hang once]][[lines n=30 rate=15]][[text made it]]";
        let (execution, _) = server.client().submit(prompt).await;
        let mut socket = server.client().socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        server.workers[0].signal(Signal::SIGSTOP);
        server.start_worker().await;
        let second_attempt = json!({ "status": "running", "attempt": 2 });
        while next_frame(&mut socket).await.expect("it is taken over")["data"] != second_attempt {}
        server.workers[0].signal(Signal::SIGCONT);
        let watched = server.other().watch(&execution).await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        assert!(watched.text().ends_with("made it"));
        tests::proved!(Cluster, a_worker_that_slept_leaves_its_successor_alone: "loss.old-attempt", "run.once");
        server
    })
    .await;
}

/// What Redis has forgotten is found again in the broker, when its run finds out.
#[tokio::test]
async fn an_execution_outlives_its_record() {
    let setup = Setup::default().with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |server| async move {
        let (execution, _) = server.client().submit("[[lines n=40 rate=10]]").await;
        let mut socket = server.client().socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        server.empty_redis().await;
        let path = format!("/api/v1/claude/executions/{execution}");
        let ended = async {
            while server.client().get(&path).await.body["status"] != "completed" {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("it ends");
        let watched = server.other().watch(&execution).await;
        assert_eq!(watched.status(), "completed");
        tests::proved!(Cluster, an_execution_outlives_its_record: "loss.redis-emptied");
        server
    })
    .await;
}

/// What its run may have done is not done again, although the record knows of nothing.
#[tokio::test]
async fn a_forgotten_execution_does_not_repeat_a_tool() {
    let setup = Setup::default().with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |server| async move {
        let prompt = r#"[[tool Bash {"command":"echo once >> ran"}]][[lines n=300 rate=10]]"#;
        let (execution, _) = server.client().submit(prompt).await;
        let ran = server.workspace("demo").join("ran");
        until(|| ran.exists()).await;
        server.empty_redis().await;
        let path = format!("/api/v1/claude/executions/{execution}");
        let ended = async {
            while !server.client().get(&path).await.body["ended_at"].is_string() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("it ends");
        let watched = server.other().watch(&execution).await;
        assert_eq!(
            (watched.status(), watched.code()),
            ("failed", "OUTCOME_UNKNOWN")
        );
        assert_eq!(std::fs::read_to_string(ran).unwrap(), "once\n");
        server
    })
    .await;
}

/// Accepted while no worker was there, by an API that was killed at once.
#[tokio::test]
async fn what_was_accepted_is_kept() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        apis: 1,
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        let mut accepted = Vec::new();
        for n in 0..10 {
            accepted.push(
                server
                    .client()
                    .submit(&format!("[[text number {n}]]"))
                    .await
                    .0,
            );
        }
        let mut killed = server.apis.remove(0);
        killed.signal(Signal::SIGKILL);
        killed.exit().await;
        server.start_api().await;
        server.other().ready().await;
        for execution in &accepted {
            assert_eq!(
                server.other().execution(execution).await["status"],
                "pending"
            );
        }
        server.start_worker().await;
        for (n, execution) in accepted.iter().enumerate() {
            let watched = server.other().watch(execution).await;
            assert_eq!(watched.text().trim(), format!("number {n}"));
        }
        tests::proved!(Cluster, what_was_accepted_is_kept: "execute.durable");
        server
    })
    .await;
}

/// Whoever closed the session did not come to cancelling what waited; the worker does, one after the other.
#[tokio::test]
async fn what_waits_in_a_closed_session_is_cancelled() {
    let setup = Setup {
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        let (first, session) = server.client().submit("[[text never]]").await;
        let body =
            json!({ "workspace_id": "demo", "prompt": "[[text never]]", "session_id": session });
        let (second, _) = server.client().execute(&body).await;
        server.close_half(&session).await;
        server.start_worker().await;
        for execution in [first, second] {
            let watched = server.other().watch(&execution).await;
            assert_eq!(
                (watched.status(), watched.code()),
                ("cancelled", "SESSION_CLOSED")
            );
            assert_eq!(watched.ids().collect::<Vec<_>>(), ["0-1"], "it never ran");
        }
        server
    })
    .await;
}
