//! No line of any program holds a prompt, a token or a password, however much is logged.

use reqwest::Method;
use serde_json::json;
use tests::process::{Process, eventually};
use tests::server::{Server, Setup};
use tests::services::{engines, path, program};

use super::programs;

/// Stands for everything that nobody may read in a log.
const MARKER: &str = "hunter2-marker";

fn setup() -> Setup {
    let setup = Setup::default()
        .with("LONGSHORE_LOG", "trace")
        .with("ANTHROPIC_API_KEY", MARKER)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .with(
            "OTEL_EXPORTER_OTLP_HEADERS",
            &format!("authorization=Bearer {MARKER}"),
        )
        .with("OTEL_BSP_SCHEDULE_DELAY", "100");
    // The default user of a Redis without a password takes any.
    match engines().map(|engines| engines.redis_url) {
        Some(url) if !url.contains('@') => {
            let host = url.trim_start_matches("redis://");
            setup.with(
                "LONGSHORE_REDIS_URL",
                &format!("redis://default:{MARKER}@{host}"),
            )
        }
        _ => setup,
    }
}

over_every_server! { setup() =>
    no_line_holds_a_secret: ["logs.no-secrets"],
}

async fn no_line_holds_a_secret(server: Server) -> Server {
    let client = server.client();
    let body = json!({
        "workspace_id": "demo", "stream": true, "metadata": { "key": MARKER },
        "prompt": format!("{MARKER} [[tool Bash {{\"command\":\"echo {MARKER}\"}}]][[partials n=3]][[text {MARKER}]]"),
        "system_prompt": MARKER, "append_system_prompt": MARKER,
    });
    let request = client.request(Method::POST, "/api/v1/claude/execute");
    let answer = client.send(request.bearer_auth(MARKER).json(&body)).await;
    let execution = answer.body["execution_id"].as_str().unwrap();
    let watched = server.other().watch(execution).await;
    assert!(watched.text().contains(MARKER));
    let failed = client
        .run(&format!("[[exit code=3 stderr={MARKER}]]"))
        .await;
    assert_eq!(failed.status(), "failed");
    for refused in [
        json!(MARKER),
        json!({ "workspace_id": MARKER, "prompt": 1 }),
        json!({ "prompt": { "x": MARKER } }),
    ] {
        client.post("/api/v1/claude/execute", &refused).await;
    }
    client
        .get(&format!("/api/v1/claude/executions?token={MARKER}"))
        .await;
    let protocol = format!("longshore.v1, bearer.{MARKER}");
    let path = format!("/ws/executions/{execution}");
    let _ = client
        .connect(&path, &[("sec-websocket-protocol", &protocol)])
        .await;
    for program in programs(&server) {
        eventually("an outage of the collector", async || {
            program.output().contains("the collector does not")
        })
        .await;
        check(program);
    }
    server
}

/// Passwords that the engines refuse.
#[tokio::test]
async fn a_refused_password_is_not_shown() {
    let Some(engines) = engines() else { return };
    let host = |url: &str| {
        url.rsplit(['@', '/'])
            .find(|part| part.contains(':'))
            .unwrap()
            .to_owned()
    };
    let (rabbitmq, redis) = (host(&engines.amqp_url), host(&engines.redis_url));
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().display().to_string();
    let environment = [
        ("PATH", path()),
        ("LONGSHORE_LOG", "trace".to_owned()),
        ("LONGSHORE_LOG_FORMAT", "json".to_owned()),
        ("LONGSHORE_ADMIN_BIND", String::new()),
        ("LONGSHORE_BIND", "127.0.0.1:0".to_owned()),
        ("LONGSHORE_STATE", format!("{state}/state")),
        ("LONGSHORE_WORKSPACES", format!("{state}/workspaces")),
        ("TMPDIR", state.clone()),
        (
            "LONGSHORE_AMQP_URL",
            format!("amqp://nobody:{MARKER}@{rabbitmq}/%2f"),
        ),
        (
            "LONGSHORE_REDIS_URL",
            format!("redis://nobody:{MARKER}@{redis}"),
        ),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let worker = Process::start("worker", &program("longshore-worker"), &[], &environment);
    for refused in [
        "no connection to RabbitMQ",
        "cannot look for lost executions",
    ] {
        eventually(refused, async || worker.output().contains(refused)).await;
    }
    check(&worker);
    worker.stop().await;
    tests::proved!(Programs, a_refused_password_is_not_shown: "logs.no-secrets");
}

/// As text, and as the bytes that a library may show.
fn check(program: &Process) {
    let output = program.output();
    let bytes = format!("{:?}", MARKER.as_bytes());
    let bytes = bytes.trim_matches(['[', ']']);
    for line in output.lines() {
        assert!(!line.contains(MARKER) && !line.contains(bytes), "{line}");
    }
}
