//! An API whose engines do not answer starts all the same.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::json;
use tests::client::Client;
use tests::process::Process;
use tests::services::{path, program};

/// How long an API may take to say that an engine does not answer.
const AT_ONCE: Duration = Duration::from_secs(10);

/// An address of this machine on which nothing listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn api(redis: &str, rabbitmq: &str) -> Process {
    let environment = [
        ("PATH", path()),
        ("LONGSHORE_BIND", "127.0.0.1:0".to_owned()),
        ("LONGSHORE_ADMIN_BIND", String::new()),
        ("LONGSHORE_LOG_FORMAT", "json".to_owned()),
        ("LONGSHORE_REDIS_URL", format!("redis://{redis}")),
        (
            "LONGSHORE_AMQP_URL",
            format!("amqp://guest:guest@{rabbitmq}/%2f"),
        ),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    Process::start(
        "api",
        Path::new(&program("longshore-api")),
        &[],
        &environment,
    )
}

#[tokio::test]
async fn an_api_without_engines_says_so() {
    // What accepts a connection and says nothing is as dead as a closed port.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = mute
        .local_addr()
        .map(|address| (mute, address.to_string()))
        .unwrap();
    for (redis, rabbitmq) in [(closed(), closed()), (mute.1.clone(), mute.1.clone())] {
        let mut api = api(&redis, &rabbitmq);
        let address = api.word_after(r#""listening","address":""#).await;
        let client = Client::new(&format!("http://{address}"));
        let health = client.get("/healthz").await;
        assert_eq!(
            (health.status, health.body),
            (StatusCode::OK, json!({ "status": "ok" }))
        );

        let asked = Instant::now();
        let ready = client.get("/readyz").await;
        assert_eq!(
            (ready.status, ready.code()),
            (StatusCode::SERVICE_UNAVAILABLE, "BROKER_UNAVAILABLE"),
            "{}",
            ready.body
        );
        let failed =
            json!({ "checks": { "broker": "failed", "store": "failed", "live": "failed" } });
        assert_eq!(ready.body["details"], failed);
        assert_eq!(
            ready.headers["x-trace-id"],
            ready.body["trace_id"].as_str().unwrap()
        );
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());

        let asked = Instant::now();
        let body = json!({ "workspace_id": "demo", "prompt": "x" });
        let unknown = "018f2f6e-7b1a-7c3d-9a51-3f6f0f6b2c11";
        let record = format!("/api/v1/claude/executions/{unknown}");
        let (execute, record, socket) = tokio::join!(
            client.post("/api/v1/claude/execute", &body),
            client.get(&record),
            async {
                client
                    .connect(&format!("/ws/executions/{unknown}"), &[])
                    .await
                    .unwrap_err()
            },
        );
        for answer in [execute, record, socket] {
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::SERVICE_UNAVAILABLE, "STORE_UNAVAILABLE"),
                "{}",
                answer.body
            );
            let seconds: u32 = answer.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=60).contains(&seconds));
            let shown = answer.body.to_string();
            assert!(
                !shown.contains(&redis) && !shown.contains("refused"),
                "no cause from inside: {shown}"
            );
        }
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
        api.signal(Signal::SIGTERM);
        assert_eq!(api.exit().await.code(), Some(0));
    }
    tests::proved!(Programs, an_api_without_engines_says_so: "settings.engines-down", "health.healthz", "health.readyz.503", "errors.503.engine", "errors.503.retry-after", "errors.no-cause", "settings.exit-0");
}
