//! RabbitMQ is killed, empties, is out of memory, or is away: what was accepted runs once, and new work is refused at once
//! or taken.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use tests::client::{Client, next_frame};
use tests::private_engines::{Engine, PrivateEngines};
use tests::process::until;
use tests::proxy::Proxy;
use tests::reconnecting::follow;
use tests::server::{Server, Setup};
use tests::services::engines;
use tokio::time::{Instant, sleep, timeout};

/// Longer than a broker takes to start on a busy machine, and the programs to find it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Submits until it is accepted: a queue that has only just come back may not confirm what is published to it.
async fn accepted_again(client: &Client, prompt: &str) -> String {
    let body = json!({ "workspace_id": "demo", "prompt": prompt });
    let asked = Instant::now();
    loop {
        assert!(asked.elapsed() < PATIENCE, "nothing is accepted any more");
        let answer = client.post("/api/v1/claude/execute", &body).await;
        if answer.status == StatusCode::ACCEPTED {
            return answer.body["execution_id"]
                .as_str()
                .expect("an id")
                .to_owned();
        }
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{:?}",
            answer.body
        );
        sleep(Duration::from_millis(100)).await;
    }
}

/// Its messages are gone for good, and those of its queue that were confirmed.
#[tokio::test]
async fn what_the_broker_has_lost_is_queued_again() {
    let Some(engines) = PrivateEngines::start(&[Engine::RabbitMq]).await else {
        return;
    };
    let engines = &engines;
    let setup = Setup {
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup.on(&engines.addresses), |mut server| async move {
        let mut executions = Vec::new();
        for n in 0..5 {
            executions.push(server.client().submit(&format!("[[text {n}]]")).await.0);
        }
        engines.kill(Engine::RabbitMq).await;
        engines.forget(Engine::RabbitMq);
        engines.start_again(Engine::RabbitMq).await;
        server.start_worker().await;
        let followed = executions
            .iter()
            .map(|one| follow(&server.clients, one, PATIENCE * 2));
        for followed in join_all(followed).await {
            assert_eq!(followed.watched.status(), "completed");
        }
        server.settled(&executions).await;
        server
    })
    .await;
}

/// Those who run do not notice, and nobody runs twice when it is back.
#[tokio::test]
async fn what_runs_outlives_a_crash_of_the_broker() {
    const RUNNING: usize = 100;
    const WAITING: usize = 10;
    let Some(engines) = PrivateEngines::start(&[Engine::RabbitMq]).await else {
        return;
    };
    let engines = &engines;
    let setup = Setup::default().with("LONGSHORE_SLOTS", "50");
    Server::cluster(setup.on(&engines.addresses), |server| async move {
        let mut executions = Vec::new();
        for _ in 0..RUNNING {
            executions.push(server.client().submit("[[lines n=200 rate=5]]").await.0);
        }
        for execution in &executions {
            let mut socket = server.client().socket(execution, None).await;
            while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        }
        for _ in 0..WAITING {
            executions.push(server.client().submit("[[text later]]").await.0);
        }
        engines.kill(Engine::RabbitMq).await;
        let asked = Instant::now();
        let body = json!({ "workspace_id": "demo", "prompt": "[[text refused]]" });
        let answer = server.client().post("/api/v1/claude/execute", &body).await;
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{:?}",
            answer.body
        );
        assert!(asked.elapsed() < Duration::from_secs(10));
        engines.start_again(Engine::RabbitMq).await;
        let back = Instant::now();
        // One that is accepted now is taken by a worker with a free slot as soon as there is one.
        for client in &server.clients {
            client.ready().await;
        }
        assert!(back.elapsed() < Duration::from_secs(30));
        let followed = executions
            .iter()
            .map(|one| follow(&server.clients, one, PATIENCE));
        for followed in join_all(followed).await {
            assert_eq!(followed.watched.status(), "completed");
            let end = followed.watched.recorded().pop().expect("an end")["id"].clone();
            assert!(
                end.as_str().is_some_and(|id| id.starts_with("1-")),
                "{end}: one attempt"
            );
        }
        server.settled_with_refused(&executions).await;
        server
    })
    .await;
}

/// It takes no work for a while, and takes all answers.
#[tokio::test]
async fn a_broker_without_memory_refuses_new_work_and_nothing_else() {
    let Some(engines) = PrivateEngines::start(&[Engine::RabbitMq]).await else {
        return;
    };
    let engines = &engines;
    Server::cluster(
        Setup::default().on(&engines.addresses),
        |server| async move {
            let (running, _) = server.client().submit("[[lines n=100 rate=5]]").await;
            let mut socket = server.client().socket(&running, None).await;
            while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
            engines
                .rabbitmq_eval("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1}).")
                .await;
            let body = json!({ "workspace_id": "demo", "prompt": "[[text refused]]" });
            for client in &server.clients {
                let asked = Instant::now();
                let answer = client.post("/api/v1/claude/execute", &body).await;
                assert_eq!(
                    answer.status,
                    StatusCode::SERVICE_UNAVAILABLE,
                    "{:?}",
                    answer.body
                );
                assert!(
                    asked.elapsed() < Duration::from_secs(7),
                    "{:?}",
                    asked.elapsed()
                );
                assert_eq!(
                    client.get("/readyz").await.status,
                    StatusCode::SERVICE_UNAVAILABLE
                );
            }
            let watched = server.client().watch(&running).await;
            assert_eq!(watched.status(), "completed");
            engines
                .rabbitmq_eval(
                    "vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"1GB\"}).",
                )
                .await;
            for client in &server.clients {
                client.ready().await;
            }
            let (next, _) = server.client().submit("[[text later]]").await;
            assert_eq!(server.client().watch(&next).await.text(), "later");
            server.settled_with_refused(&[running, next]).await;
            server
        },
    )
    .await;
}

/// It closes the channel of a worker that has not acknowledged for so long, and delivers what runs again.
#[tokio::test]
async fn a_run_may_take_longer_than_the_broker_waits() {
    let Some(engines) = PrivateEngines::start(&[Engine::RabbitMq]).await else {
        return;
    };
    let engines = &engines;
    // Channels learn both when they are opened.
    for setting in ["consumer_timeout, 3000", "channel_tick_interval, 500"] {
        let set = format!("application:set_env(rabbit, {setting}).");
        engines.rabbitmq_eval(&set).await;
    }
    Server::cluster(
        Setup::default().on(&engines.addresses),
        |server| async move {
            let (long, _) = server.client().submit("[[lines n=60 rate=4]]").await;
            let closed =
                |worker: &tests::process::Process| worker.output().contains("PRECONDITION_FAILED");
            until(|| server.workers.iter().any(closed)).await;
            let watched = server.client().watch(&long).await;
            assert_eq!(watched.status(), "completed");
            assert!(watched.ids().all(|id| id.starts_with("1-")), "one attempt");
            let (next, _) = server.client().submit("[[text later]]").await;
            assert_eq!(server.client().watch(&next).await.text(), "later");
            server.settled(&[long, next]).await;
            server
        },
    )
    .await;
}

/// Programs try again for as long as it takes.
#[tokio::test]
async fn a_long_outage_of_the_broker_ends_when_it_does() {
    let Some(engines) = PrivateEngines::start(&[Engine::RabbitMq]).await else {
        return;
    };
    let engines = &engines;
    Server::cluster(
        Setup::default().on(&engines.addresses),
        |server| async move {
            let (before, _) = server.client().submit("[[text before]]").await;
            server.ended(&before).await;
            engines.kill(Engine::RabbitMq).await;
            // Longer than any pause between two attempts to connect.
            sleep(Duration::from_secs(30)).await;
            engines.start_again(Engine::RabbitMq).await;
            let back = Instant::now();
            let mut executions = vec![before];
            for client in server.clients.iter().cycle().take(8) {
                executions.push(accepted_again(client, "[[text after]]").await);
            }
            assert!(
                back.elapsed() < Duration::from_secs(30),
                "{:?}",
                back.elapsed()
            );
            for execution in &executions[1..] {
                assert_eq!(server.client().watch(execution).await.text(), "after");
            }
            server.settled_with_refused(&executions).await;
            server
        },
    )
    .await;
}

/// A worker that has lost the broker runs on what it has, and takes work again when it is back.
#[tokio::test]
async fn a_worker_that_is_cut_off_from_the_broker_runs_on() {
    let Some(shared) = engines() else { return };
    let (way, proxied) = Proxy::before(&shared.amqp_url).await;
    let proxy = &way; // Which is there until all programs have ended.
    let setup = Setup {
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        server
            .start_worker_with(&[("LONGSHORE_AMQP_URL", &proxied)])
            .await;
        let (running, _) = server.client().submit("[[lines n=60 rate=10]]").await;
        let mut socket = server.client().socket(&running, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        proxy.away(true);
        let watched = server.client().watch(&running).await;
        assert_eq!(watched.status(), "completed");
        assert!(watched.ids().all(|id| id.starts_with("1-")), "one attempt");
        let (next, _) = server.client().submit("[[text later]]").await;
        proxy.away(false);
        let later = timeout(Duration::from_secs(30), server.client().watch(&next)).await;
        assert_eq!(later.expect("it takes work again").text(), "later");
        server.settled(&[running, next]).await;
        server
    })
    .await;
}
