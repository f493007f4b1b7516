//! Redis is out of memory, loses its tail, hangs, or is cut off from one worker.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use tests::private_engines::{Engine, PrivateEngines};
use tests::process::until;
use tests::proxy::Proxy;
use tests::reconnecting::follow;
use tests::server::{Server, Setup};
use tests::services::{ask_redis, engines};
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(90);

/// New work is refused; what runs is held back, loses nothing and goes on.
#[tokio::test]
async fn a_redis_without_memory_holds_back_what_runs() {
    let Some(engines) = PrivateEngines::start(&[Engine::Redis]).await else {
        return;
    };
    let redis = engines.addresses.redis_url.clone();
    let memory = async |bytes: &str| {
        let done: String = ask_redis(&redis, &["CONFIG", "SET", "maxmemory", bytes]).await;
        assert_eq!(done, "OK");
    };
    let setup = Setup::default().on(&engines.addresses);
    Server::cluster(setup, |server| async move {
        let execution = server.running("[[lines n=100 rate=20 bytes=2000]]").await;
        memory("1").await;
        let body = json!({ "workspace_id": "demo", "prompt": "[[text refused]]" });
        let asked = Instant::now();
        let answer = server.client().post("/api/v1/claude/execute", &body).await;
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{:?}",
            answer.body
        );
        assert!(
            asked.elapsed() < Duration::from_secs(12),
            "{:?}",
            asked.elapsed()
        );
        // Longer than the run would take, and shorter than its lease.
        sleep(Duration::from_secs(8)).await;
        assert_eq!(
            server.client().execution(&execution).await["status"],
            "running"
        );
        memory("0").await;
        let followed = follow(&server.clients, &execution, PATIENCE).await;
        assert_eq!(followed.watched.status(), "completed");
        assert_eq!(followed.gaps, 0);
        assert_eq!(followed.watched.end()["messages"], 102);
        server.settled_with_refused(&[execution]).await;
        server
    })
    .await;
}

/// A crash takes with it what was not on disk: records are made again from their jobs, and clients see no hole that is not
/// told.
#[tokio::test]
async fn a_redis_that_loses_its_tail_loses_no_execution() {
    let Some(engines) = PrivateEngines::start(&[Engine::Redis]).await else {
        return;
    };
    let engines = &engines;
    let setup = Setup::default()
        .on(&engines.addresses)
        .with("LONGSHORE_SLOTS", "3");
    Server::cluster(setup, |server| async move {
        let mut executions = Vec::new();
        for _ in 0..4 {
            executions.push(server.running("[[lines n=120 rate=6]]").await);
        }
        let before = engines.written();
        for _ in 0..2 {
            executions.push(server.running("[[lines n=40 rate=10]]").await);
        }
        for _ in 0..2 {
            executions.push(server.client().submit("[[text later]]").await.0);
        }
        // That the last four were recorded and two of them begun, and what the others have written since.
        let watching = executions
            .iter()
            .map(|one| follow(&server.clients, one, PATIENCE));
        let crash = async {
            sleep(Duration::from_secs(2)).await;
            engines.kill(Engine::Redis).await;
            engines.cut_written(engines.written() - before);
            engines.start_again(Engine::Redis).await;
        };
        let (followed, ()) = tokio::join!(join_all(watching), crash);
        for (n, followed) in followed.into_iter().enumerate() {
            assert_eq!(followed.watched.status(), "completed");
            // Where the lease is still on record, what was lost is given back. The others begin anew.
            assert!(n >= 4 || followed.gaps == 0, "{n}: {:#?}", followed.watched);
        }
        server.settled(&executions).await;
        server
    })
    .await;
}

/// It holds its connections and answers nothing for a while, twice.
#[tokio::test]
async fn a_redis_that_hangs_costs_nothing_but_time() {
    let Some(engines) = PrivateEngines::start(&[Engine::Redis]).await else {
        return;
    };
    let engines = &engines;
    let setup = Setup::default().on(&engines.addresses);
    Server::cluster(setup, |server| async move {
        let execution = server.running("[[lines n=150 rate=10]]").await;
        let watching = (0..6).map(|_| follow(&server.clients, &execution, PATIENCE));
        let hanging = async {
            for _ in 0..2 {
                engines.freeze(Engine::Redis, true);
                sleep(Duration::from_secs(4)).await;
                engines.freeze(Engine::Redis, false);
                sleep(Duration::from_secs(1)).await;
            }
        };
        let (followed, ()) = tokio::join!(join_all(watching), hanging);
        for followed in followed {
            assert_eq!(followed.watched.status(), "completed");
            assert_eq!(followed.gaps, 0);
            assert!(
                followed.watched.ids().all(|id| id.starts_with("1-")),
                "one attempt"
            );
        }
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// Shorter than a lease, and longer: it is frozen in time, and killed before another works on.
#[tokio::test]
async fn a_worker_that_is_cut_off_from_redis_freezes() {
    let Some(shared) = engines() else { return };
    let (way, proxied) = Proxy::before(&shared.redis_url).await;
    let proxy = &way; // Which is there until all programs have ended.
    let setup = Setup {
        workers: 0,
        ..Setup::default()
    };
    let setup = setup.with("LONGSHORE_LEASE", "6s");
    Server::cluster(setup, |mut server| async move {
        server
            .start_worker_with(&[("LONGSHORE_REDIS_URL", &proxied)])
            .await;
        let short = server.running("[[lines n=60 rate=10]]").await;
        proxy.hang(true);
        sleep(Duration::from_secs(3)).await;
        proxy.hang(false);
        let watched = server.client().watch(&short).await;
        assert_eq!(watched.status(), "completed");
        assert!(watched.ids().all(|id| id.starts_with("1-")), "one attempt");

        let long = server.running("[[hang once]][[lines n=20 rate=10]]").await;
        proxy.away(true);
        until(|| all_stopped(&server)).await;
        server.start_worker().await;
        let watched = server.client().watch(&long).await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        assert!(watched.ids().last().is_some_and(|id| id.starts_with("2-")));
        proxy.away(false);
        // The first one is there again, beside the second.
        let executions: Vec<_> =
            join_all((0..6).map(|_| server.client().submit("[[text ok]]"))).await;
        let mut executions: Vec<_> = executions
            .into_iter()
            .map(|(execution, _)| execution)
            .collect();
        executions.extend([short, long]);
        server.settled(&executions).await;
        server
    })
    .await;
}

/// There are some, and none can do anything.
fn all_stopped(server: &Server) -> bool {
    let processes = server.processes();
    let stopped = |process: &String| {
        let (folder, _) = process
            .split_once(':')
            .expect("a folder of /proc and a command");
        let stat = std::fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.starts_with(" T"))
    };
    !processes.is_empty() && processes.iter().all(stopped)
}
