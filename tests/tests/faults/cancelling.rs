//! Executions that are cancelled while programs die: each ends once, as cancelled, in time, and is not begun again.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::json;
use tests::process::Process;
use tests::server::{Server, Setup};
use tests::services::engines;

/// Whatever dies, it is over by then: lease, grace and the pauses between looks are some ten seconds here.
const IN_TIME: Duration = Duration::from_secs(20);

const RUNS: &str = "[[text begun]][[hang]]";

fn setup(workers: usize) -> Setup {
    let setup = Setup {
        workers,
        ..Setup::default()
    };
    setup.with("LONGSHORE_LEASE", "3s")
}

/// It ends as cancelled in time, having begun so many times.
async fn is_cancelled(server: &Server, execution: &str, since: Instant, begun: usize) {
    let ended = server.ended(execution).await;
    assert_eq!(ended["status"], "cancelled", "{ended:#}");
    assert!(since.elapsed() < IN_TIME, "{:?}", since.elapsed());
    let starts = server.starts();
    let starts = starts.iter().filter(|started| *started == execution);
    assert_eq!(starts.count(), begun, "{ended:#}");
}

/// Runs a prompt on the only worker, lets `dies` end that, and starts another one.
async fn cancelled_once(
    setup: Setup,
    prompt: &str,
    dies: impl AsyncFnOnce(&Server, &str, Process),
) {
    if engines().is_none() {
        return;
    }
    Server::cluster(setup, |mut server| async move {
        let execution = server.running(prompt).await;
        let worker = server.workers.remove(0);
        let since = Instant::now();
        dies(&server, &execution, worker).await;
        server.start_worker().await;
        is_cancelled(&server, &execution, since, 1).await;
        server.settled(&[execution]).await;
        server
    })
    .await;
}

async fn kill(mut worker: Process) {
    worker.signal(Signal::SIGKILL);
    worker.exit().await;
}

/// The API dies with the answer on its lips. Asked again, another one answers, and no worker that comes later runs it.
#[tokio::test]
async fn what_waits_is_cancelled_though_its_api_dies() {
    if engines().is_none() {
        return;
    }
    Server::cluster(setup(0), |mut server| async move {
        let (execution, _) = server.client().submit("[[text never]]").await;
        let since = Instant::now();
        let path = format!("/api/v1/claude/executions/{execution}/cancel");
        let (client, mut api) = (server.clients.remove(0), server.apis.remove(0));
        let dies = async {
            tokio::task::yield_now().await;
            api.signal(Signal::SIGKILL);
        };
        let (_, ()) = tokio::join!(client.try_post(&path), dies);
        api.exit().await;
        server.client().cancel(&execution).await;
        server.start_worker().await;
        is_cancelled(&server, &execution, since, 0).await;
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// It never heard of the cancellation.
#[tokio::test]
async fn what_runs_is_cancelled_though_its_worker_sleeps_and_dies() {
    cancelled_once(setup(1), RUNS, async |server, execution, worker| {
        worker.signal(Signal::SIGSTOP);
        server.client().cancel(execution).await;
        kill(worker).await;
    })
    .await;
}

/// It has asked the CLI to end, which does not listen.
#[tokio::test]
async fn what_is_being_cancelled_is_cancelled_though_its_worker_dies() {
    let deaf = "[[text begun]][[deaf]][[ignore-signals]][[hang]]";
    cancelled_once(setup(1), deaf, async |server, execution, worker| {
        server.client().cancel(execution).await;
        kill(worker).await;
    })
    .await;
}

/// It is stopped in good order in the same moment, and hands back what it runs: to nobody.
#[tokio::test]
async fn what_is_handed_back_is_cancelled() {
    let setup = setup(1).with("LONGSHORE_DRAIN", "1s");
    cancelled_once(setup, RUNS, async |server, execution, worker| {
        worker.signal(Signal::SIGTERM);
        server.client().cancel(execution).await;
        worker.stop().await;
    })
    .await;
}

/// Whoever dies when a session is closed, nothing of it goes on.
#[tokio::test]
async fn what_a_closed_session_holds_is_cancelled_though_its_worker_dies() {
    if engines().is_none() {
        return;
    }
    Server::cluster(setup(1), |mut server| async move {
        let (execution, session) = server.client().submit(RUNS).await;
        server.speaks(&execution).await;
        let body = json!({ "workspace_id": "demo", "prompt": RUNS, "session_id": session });
        let (next, _) = server.client().execute(&body).await;
        let since = Instant::now();
        server.workers[0].signal(Signal::SIGSTOP);
        let path = format!("/api/v1/claude/sessions/{session}");
        let request = server.client().request(Method::DELETE, &path);
        server.client().send(request).await;
        kill(server.workers.remove(0)).await;
        server.start_worker().await;
        is_cancelled(&server, &execution, since, 1).await;
        is_cancelled(&server, &next, since, 0).await;
        server.settled(&[execution, next]).await;
        server
    })
    .await;
}
