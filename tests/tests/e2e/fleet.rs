//! What operators see of the whole installation, through any API.

use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::client::Client;
use tests::process::PATIENCE;
use tests::server::{Server, Setup};
use tests::services::{ask_redis, engines};
use tokio::time::timeout;

mod operators;
mod told;

const WORKERS: &str = "/api/v1/claude/workers";
const STATS: &str = "/api/v1/claude/stats";

/// One that drains says so, and leaves the list with its end.
#[tokio::test]
async fn a_worker_says_goodbye() {
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        let (execution, _) = server.client().submit("[[hang]]").await;
        worker_that(server.client(), |worker| worker["slots_used"] == 1).await;
        let worker = server.workers.remove(0);
        worker.signal(Signal::SIGTERM);
        worker_that(server.other(), |worker| worker["draining"] == true).await;
        let stats = server.client().get(STATS).await.body;
        assert_eq!(stats["fleet"]["draining"], 1, "{:#}", stats["fleet"]);
        assert_eq!(stats["fleet"]["slots"], 0, "it takes nothing more");
        server.client().cancel(&execution).await;
        worker.stop().await;
        let answer = server.client().get(WORKERS).await;
        assert_eq!(answer.body["workers"], json!([]));
        tests::proved!(Cluster, a_worker_says_goodbye: "workers.list", "workers.leave");
        server
    })
    .await;
}

/// One that was killed is listed with the time at which it was heard of last.
#[tokio::test]
async fn a_worker_that_was_killed_is_missed() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        let listed = worker_that(server.client(), |_| true).await;
        let mut killed = server.workers.remove(0);
        killed.signal(Signal::SIGKILL);
        killed.exit().await;
        server.start_worker().await;
        let id = listed["worker_id"].clone();
        let other = worker_that(server.client(), |worker| worker["worker_id"] != id).await;
        let silent = worker_that(server.other(), |worker| worker["worker_id"] == id).await;
        assert!(silent["last_heartbeat_at"].as_str() <= other["last_heartbeat_at"].as_str());
        // Its time goes by.
        let workers = format!("{}:{{fleet}}:workers", server.namespace());
        let forget = ["ZINCRBY", &workers, "-121000", id.as_str().unwrap()];
        let _: f64 = ask_redis(server.redis_url().unwrap(), &forget).await;
        let answer = server.client().get(WORKERS).await;
        let left = answer.body["workers"].as_array().unwrap();
        assert_eq!(left.len(), 1, "{left:#?}");
        tests::proved!(Cluster, a_worker_that_was_killed_is_missed: "workers.silent");
        server
    })
    .await;
}

/// The first listed worker of which something holds, as soon as there is one.
async fn worker_that(client: &Client, holds: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let answer = client.get(WORKERS).await;
            assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.body);
            let workers = answer.body["workers"].as_array().unwrap();
            if let Some(worker) = workers.iter().find(|worker| holds(worker)) {
                return worker.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, asking)
        .await
        .expect("a worker says so in time")
}

async fn stats_that(client: &Client, hold: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let stats = client.get(STATS).await.body;
            if hold(&stats) {
                return stats;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, asking)
        .await
        .expect("it is counted in time")
}

/// Of all minutes.
fn sum(stats: &Value, name: &str) -> f64 {
    let minutes = stats["minutes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    minutes
        .iter()
        .filter_map(|minute| minute[name].as_f64())
        .sum()
}
