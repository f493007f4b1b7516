//! Workers say how they stand, and what is done is counted.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::server::{Server, Setup};

use super::{STATS, WORKERS, stats_that, sum, worker_that};

over_every_server! { Setup::default().with("LONGSHORE_SLOTS", "3") =>
    workers_say_how_they_stand: ["workers.list", "executions.worker_id"],
    what_was_done_is_counted: ["stats.minutes", "stats.now"],
    no_parameter_is_taken: ["workers.list", "stats.now"],
}

async fn workers_say_how_they_stand(server: Server) -> Server {
    let (execution, _) = server.client().submit("[[hang]]").await;
    let is_told = |worker: &Value| worker["running"] == json!([execution]);
    let worker = worker_that(server.other(), is_told).await;
    assert_eq!(
        (&worker["slots"], &worker["slots_used"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(worker["draining"], false);
    assert_eq!(worker["version"], env!("CARGO_PKG_VERSION"));
    assert!(!worker["host"].as_str().unwrap().is_empty());
    let shown = server.client().execution(&execution).await;
    assert_eq!(shown["worker_id"], worker["worker_id"]);
    server.client().cancel(&execution).await;
    let id = worker["worker_id"].clone();
    let is_idle = |worker: &Value| worker["worker_id"] == id && worker["running"] == json!([]);
    worker_that(server.client(), is_idle).await;
    server
}

async fn what_was_done_is_counted(server: Server) -> Server {
    let client = server.client();
    for prompt in ["[[text one]]", "[[text two]]", "[[exit code=3]]"] {
        let (execution, _) = client.submit(prompt).await;
        client.watch(&execution).await;
    }
    let (execution, _) = client.submit("[[hang]]").await;
    client.cancel(&execution).await;
    client.watch(&execution).await;
    let is_counted = |stats: &Value| sum(stats, "accepted") == 4.0 && ended(stats) == 4.0;
    let stats = stats_that(server.other(), is_counted).await;
    assert_eq!(
        ["completed", "failed", "cancelled"].map(|name| sum(&stats, name)),
        [2.0, 1.0, 1.0],
        "{stats:#}"
    );
    assert!(sum(&stats, "cost_usd") > 0.0, "the fake CLI reports costs");
    let minutes = stats["minutes"].as_array().unwrap();
    assert_eq!(minutes.len(), 60);
    let timed = minutes.iter().find(|minute| minute["run_ms"].is_object());
    let timed = timed.expect("a minute in which something ran");
    assert!(timed["run_ms"]["p50"].as_f64() <= timed["run_ms"]["p95"].as_f64());
    assert!(timed["wait_ms"]["p50"].as_f64().unwrap() >= 0.0);
    assert_eq!(
        stats["engines"],
        json!({ "broker": "ok", "store": "ok", "live": "ok" })
    );
    assert_eq!(
        (&stats["pending"], &stats["waiting"]),
        (&json!(0), &json!(0))
    );
    assert!(stats["fleet"]["workers"].as_u64() >= Some(1));
    assert_eq!(stats["fleet"]["draining"], 0);
    server
}

async fn no_parameter_is_taken(server: Server) -> Server {
    for path in [WORKERS, STATS] {
        let answer = server.client().get(&format!("{path}?limit=1")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "INVALID_REQUEST")
        );
        assert_eq!(answer.body["details"]["field"], "limit");
    }
    server
}

fn ended(stats: &Value) -> f64 {
    let names = ["completed", "failed", "cancelled"];
    names.iter().map(|name| sum(stats, name)).sum()
}
