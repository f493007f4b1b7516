//! A worker dies or is stopped, and nobody starts another in its place: what it ran is ended all the same.

use nix::sys::signal::Signal;
use serde_json::json;
use tests::client::next_frame;
use tests::process::until;
use tests::server::{Server, Setup};
use tests::services::engines;

/// A tool of the CLI is in nobody's process group, and its parent is killed with the worker.
#[tokio::test]
async fn nothing_outlives_a_killed_worker() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    let setup = setup.with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |mut server| async move {
        let prompt = r#"[[tool Bash {"command":"sleep 300"}]]"#;
        let (execution, _) = server.client().submit(prompt).await;
        until(|| {
            server
                .processes()
                .iter()
                .any(|process| process.contains("sleep"))
        })
        .await;
        let mut killed = server.workers.remove(0);
        killed.signal(Signal::SIGKILL);
        killed.exit().await;
        until(|| server.processes().is_empty()).await;
        server.start_worker().await;
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// A tool that leaves its parent and clears its environment is in the run's control group still, where one can be made:
/// also when the run has ended well, and when its worker was killed.
#[tokio::test]
async fn a_tool_that_hides_is_found() {
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    let setup = setup.with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |mut server| async move {
        let hidden = format!("3{}.5", std::process::id());
        let hides = format!("setsid env -i sleep {hidden} >/dev/null 2>&1 &");
        let hides = json!({ "command": hides });
        let (execution, _) = server
            .client()
            .submit(&format!("[[tool Bash {hides}]][[sleep ms=1000]]"))
            .await;
        until(|| is_running(&hidden)).await;
        if !is_in_a_group(&server.processes()[0]) {
            eprintln!("not tested: no control group can be made here");
            until(|| server.processes().is_empty()).await;
            return server;
        }
        server.ended(&execution).await;
        until(|| !is_running(&hidden)).await;
        let (next, _) = server
            .client()
            .submit(&format!("[[tool Bash {hides}]][[hang once]]"))
            .await;
        until(|| is_running(&hidden)).await;
        let mut killed = server.workers.remove(0);
        killed.signal(Signal::SIGKILL);
        killed.exit().await;
        until(|| !is_running(&hidden)).await;
        server.start_worker().await;
        server.settled(&[execution, next]).await;
        server
    })
    .await;
}

fn is_running(seconds: &str) -> bool {
    let wanted = format!("sleep\0{seconds}\0");
    let mut processes = std::fs::read_dir("/proc")
        .expect("/proc is there")
        .flatten();
    processes.any(|process| {
        std::fs::read_to_string(process.path().join("cmdline")).is_ok_and(|line| line == wanted)
    })
}

/// Of one of [`Server::processes`].
fn is_in_a_group(process: &str) -> bool {
    let (folder, _) = process
        .split_once(':')
        .expect("a folder of /proc and a command");
    let groups = std::fs::read_to_string(format!("{folder}/cgroup")).unwrap_or_default();
    groups.contains("/longshore-")
}

/// The CLI of a worker that sleeps is dead when another takes over, and what the sleeper says later is not heard.
#[tokio::test]
async fn what_a_sleeping_worker_runs_is_dead_before_it_is_taken_over() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    let setup = setup.with("LONGSHORE_LEASE", "3s");
    Server::cluster(setup, |mut server| async move {
        let prompt = "[[hang once]][[lines n=30 rate=15]][[text made it]]";
        let (execution, _) = server.client().submit(prompt).await;
        let mut socket = server.client().socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        server.workers[0].signal(Signal::SIGSTOP);
        until(|| server.processes().is_empty()).await;
        server.start_worker().await;
        let second_attempt = json!({ "status": "running", "attempt": 2 });
        while next_frame(&mut socket).await.expect("it is taken over")["data"] != second_attempt {}
        server.workers[0].signal(Signal::SIGCONT);
        let watched = server.other().watch(&execution).await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        assert!(watched.text().ends_with("made it"), "{}", watched.text());
        server.settled(&[execution]).await;
        server
    })
    .await;
}
