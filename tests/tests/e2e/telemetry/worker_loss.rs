//! What the metrics say of a worker that was taken for dead.

use nix::sys::signal::Signal;
use serde_json::json;
use tests::client::next_frame;
use tests::process::eventually;
use tests::server::{Server, Setup};

use super::scrape::total;
use super::setup;

/// The first worker sleeps past its lease; the second takes over, and the first wakes up to that.
#[tokio::test]
async fn a_lost_lease_is_counted_by_both() {
    let setup = Setup {
        workers: 1,
        ..setup().with("LONGSHORE_LEASE", "3s")
    };
    Server::cluster(setup, |mut server| async move {
        let prompt = "[[hang once]][[text made it]]";
        let (execution, _) = server.client().submit(prompt).await;
        let mut socket = server.client().socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        server.workers[0].signal(Signal::SIGSTOP);
        server.start_worker().await;
        let second_attempt = json!({ "status": "running", "attempt": 2 });
        while next_frame(&mut socket).await.expect("it is taken over")["data"] != second_attempt {}
        server.workers[0].signal(Signal::SIGCONT);
        assert_eq!(server.other().watch(&execution).await.status(), "completed");
        for (series, value) in [
            (
                r#"longshore_executions_reaped_total{verdict="requeue"}"#,
                1.0,
            ),
            ("longshore_lease_losses_total", 1.0),
            ("longshore_attempts_total", 2.0),
            (
                r#"longshore_executions_ended_total{status="completed",code=""}"#,
                1.0,
            ),
        ] {
            eventually(series, async || total(&server, series).await == value).await;
        }
        server
    })
    .await;
}
