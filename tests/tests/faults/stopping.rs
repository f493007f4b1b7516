//! Programs are asked to stop: once, twice, while they start, while they are full, and one after the other under load.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use serde_json::json;
use tests::client::Client;
use tests::process::Process;
use tests::reconnecting::follow;
use tests::server::{Server, Setup};
use tests::services::{engines, program};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// Well below the lease and its grace, for which the loss of a worker that says nothing takes.
const AT_ONCE: Duration = Duration::from_secs(12);

const PROMPT: &str = "[[text started]][[hang once]][[text made it]]";

fn one_worker() -> Setup {
    Setup {
        workers: 1,
        ..Setup::default()
    }
}

async fn goes_on_elsewhere(server: &Server, execution: &str, since: Instant) {
    let watched = server.other().watch(execution).await;
    assert!(since.elapsed() < AT_ONCE, "after {:?}", since.elapsed());
    assert_eq!(watched.status(), "completed", "{:#}", watched.end());
    assert_eq!(watched.text(), "startedstartedmade it");
    server.settled(&[execution.to_owned()]).await;
}

/// Nobody waits for a lease to end that its holder has given up.
#[tokio::test]
async fn what_a_worker_hands_back_runs_at_once() {
    let setup = one_worker().with("LONGSHORE_DRAIN", "1s");
    Server::cluster(setup, |mut server| async move {
        let execution = server.running(PROMPT).await;
        let mut stopped = server.workers.remove(0);
        server.start_worker().await;
        let asked = Instant::now();
        stopped.signal(Signal::SIGTERM);
        assert_eq!(stopped.exit().await.code(), Some(0));
        goes_on_elsewhere(&server, &execution, asked).await;
        server
    })
    .await;
}

/// A minute's grace is not waited for by somebody who asks twice.
#[tokio::test]
async fn a_worker_that_is_asked_twice_hands_back_at_once() {
    Server::cluster(one_worker(), |mut server| async move {
        let execution = server.running(PROMPT).await;
        let mut stopped = server.workers.remove(0);
        server.start_worker().await;
        let asked = Instant::now();
        stopped.signal(Signal::SIGTERM);
        stopped.word_after("\"stopping\"").await;
        stopped.signal(Signal::SIGTERM);
        assert_eq!(stopped.exit().await.code(), Some(0));
        goes_on_elsewhere(&server, &execution, asked).await;
        server
    })
    .await;
}

/// Half a request is given 15 s to become a whole one, but not by somebody who asks twice.
#[tokio::test]
async fn an_api_that_is_asked_twice_waits_for_nothing() {
    Server::cluster(one_worker(), |mut server| async move {
        let address = server
            .client()
            .url()
            .trim_start_matches("http://")
            .to_owned();
        let mut half = TcpStream::connect(address).await.unwrap();
        let begun =
            b"POST /api/v1/claude/execute HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
        half.write_all(begun).await.unwrap();
        server.clients.remove(0);
        let mut stopped = server.apis.remove(0);
        let asked = Instant::now();
        stopped.signal(Signal::SIGTERM);
        stopped.word_after("\"asked to stop\"").await;
        stopped.signal(Signal::SIGTERM);
        assert_eq!(stopped.exit().await.code(), Some(0));
        assert!(asked.elapsed() < AT_ONCE, "after {:?}", asked.elapsed());
        server
    })
    .await;
}

#[tokio::test]
async fn a_program_that_starts_can_be_asked_to_stop() {
    let Some(_) = engines() else { return };
    Server::cluster(one_worker(), |server| async move {
        let mut environment = server.environment();
        environment.push(("LONGSHORE_BIND".to_owned(), "127.0.0.1:0".to_owned()));
        for (name, listens) in [
            ("longshore-worker", "\"taking jobs\""),
            ("longshore-api", "\"listening\""),
        ] {
            // Before it heeds signals the kernel ends it, which is as good: it has begun nothing.
            let mut early = Process::start(name, &program(name), &[], &environment);
            early.signal(Signal::SIGTERM);
            let status = early.exit().await;
            let by_signal = status.signal() == Some(Signal::SIGTERM as i32);
            assert!(by_signal || status.code() == Some(0), "{status}");
            let started = Process::start(name, &program(name), &[], &environment);
            started.word_after(listens).await;
            started.stop().await;
        }
        server
    })
    .await;
}

/// More than it has slots for, all of which go on elsewhere.
#[tokio::test]
async fn a_full_worker_hands_everything_back() {
    let setup = one_worker()
        .with("LONGSHORE_DRAIN", "1s")
        .with("LONGSHORE_SLOTS", "4");
    Server::cluster(setup, |mut server| async move {
        let mut executions = Vec::new();
        for _ in 0..4 {
            executions.push(server.running(PROMPT).await);
        }
        for _ in 0..4 {
            executions.push(server.client().submit("[[text later]]").await.0);
        }
        let stopped = server.workers.remove(0);
        stopped.stop().await;
        server.start_worker().await;
        for execution in &executions {
            let watched = server.other().watch(execution).await;
            assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        }
        server.settled(&executions).await;
        server
    })
    .await;
}

/// Every API and every worker is replaced while work comes in: clients see a reconnect, and nothing else.
#[tokio::test]
async fn a_rolling_restart_is_a_reconnect() {
    let setup = Setup::default().with("LONGSHORE_SLOTS", "3");
    Server::cluster(setup, |mut server| async move {
        for _ in 0..2 {
            server.start_api().await;
            server.other().ready().await;
        }
        let clients = server.clients.clone();
        let work = tokio::spawn(async move {
            join_all((0..6).map(|n| client_of_many(n, clients.clone()))).await
        });
        for _ in 0..2 {
            sleep(Duration::from_secs(2)).await; // Under load for a while, as a deployment's steps are.
            server.start_worker().await;
            server.workers.remove(0).stop().await;
            server.clients.remove(0);
            server.apis.remove(0).stop().await;
        }
        let executions: Vec<_> = work.await.unwrap().into_iter().flatten().collect();
        server.settled(&executions).await;
        server
    })
    .await;
}

/// Submits one execution after the other, and watches each; whatever does not answer is asked again on another replica.
async fn client_of_many(n: usize, clients: Vec<Client>) -> Vec<String> {
    let mut executions = Vec::new();
    for round in 0..4 {
        let key = format!("client-{n}-round-{round}");
        let body = json!({ "workspace_id": "demo", "prompt": "[[lines n=20 rate=10]]" });
        let mut replicas = clients.iter().cycle().skip(n);
        let accepted = loop {
            let replica = replicas.next().expect("an endless ring");
            match replica.try_execute_once(&key, &body).await {
                Some(answer) if answer.status == 202 => break answer.body,
                Some(answer) => assert_eq!(answer.status, 503, "{:?}", answer.body),
                None => sleep(Duration::from_millis(50)).await,
            }
        };
        let execution = accepted["execution_id"].as_str().expect("an id").to_owned();
        let mut from = clients.clone();
        from.rotate_left(n % clients.len());
        let followed = follow(&from, &execution, Duration::from_secs(60)).await;
        assert_eq!(followed.watched.status(), "completed");
        assert_eq!(followed.gaps, 0);
        assert!(followed.connections <= 3, "{}", followed.connections);
        executions.push(execution);
    }
    executions
}
