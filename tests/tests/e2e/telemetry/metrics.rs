//! The numbers after known work.

use reqwest::Method;
use serde_json::json;
use tests::client::next_frame;
use tests::process::eventually;
use tests::server::Server;

use super::scrape::{scrape, total};
use super::{is_one, setup};

over_every_server! { setup() =>
    the_numbers_are_right: ["metrics.text"],
    what_goes_on_is_shown,
    labels_are_routes_and_never_paths: ["metrics.routes"],
}

/// Waits until a series has a value.
async fn shows(server: &Server, series: &str, value: f64) {
    eventually(&format!("{series} {value}"), async || {
        total(server, series).await == value
    })
    .await;
}

async fn the_numbers_are_right(server: Server) -> Server {
    let fine = server.client().run("[[text fine]]").await;
    let failed = server.other().run("[[exit code=3]]").await;
    let given = fine.frames.len() + failed.frames.len() - 2; // `subscribed` is no event.
    let messages = fine.of("claude_message").count() + failed.of("claude_message").count();
    let execute = r#"method="POST",route="/api/v1/claude/execute""#;
    let watch = r#"method="GET",route="/ws/executions/{id}""#;
    for (series, value) in [
        ("longshore_executions_accepted_total", 2.0),
        ("longshore_attempts_total", 2.0),
        ("longshore_execution_duration_seconds_count", 2.0),
        (
            r#"longshore_executions_ended_total{status="completed",code=""}"#,
            1.0,
        ),
        (
            r#"longshore_executions_ended_total{status="failed",code="CLI_EXITED"}"#,
            1.0,
        ),
        (
            &format!(r#"longshore_http_requests_total{{{execute},status="202"}}"#),
            2.0,
        ),
        (
            &format!(r#"longshore_http_request_duration_seconds_count{{{execute}}}"#),
            2.0,
        ),
        (
            &format!(r#"longshore_http_requests_total{{{watch},status="101"}}"#),
            2.0,
        ),
        ("longshore_events_streamed_total", given as f64),
        ("longshore_slots_used", 0.0),
        ("longshore_websockets", 0.0),
        ("longshore_lease_losses_total", 0.0),
        ("longshore_lease_freezes_total", 0.0),
    ] {
        shows(&server, series, value).await;
    }
    let size = |watched: &tests::watcher::Watched| -> usize {
        let frames = watched.frames.iter().skip(1);
        frames.map(|frame| frame["data"].to_string().len()).sum()
    };
    let bytes = (size(&fine) + size(&failed)) as f64;
    let streamed = total(&server, "longshore_bytes_streamed_total").await;
    assert!(
        streamed > bytes,
        "{streamed} is more than the data alone, {bytes}"
    );
    let published = total(&server, "longshore_events_published_total").await;
    assert!(published >= messages as f64, "{published} of {messages}");
    assert!(total(&server, "longshore_bytes_published_total").await > published);
    assert!(total(&server, "longshore_append_duration_seconds_count").await >= 2.0);
    let confirmed = total(&server, "longshore_publish_duration_seconds_count").await;
    assert_eq!(confirmed, if is_one(&server) { 0.0 } else { 2.0 });
    for scraped in scrape(&server).await {
        assert!(scraped.value("process_resident_memory_bytes") > 1e6);
        assert!(scraped.value("process_start_time_seconds") > 1.7e9);
    }
    server
}

async fn what_goes_on_is_shown(server: Server) -> Server {
    let slots = if is_one(&server) { 3.0 } else { 6.0 };
    shows(&server, "longshore_slots", slots).await;
    let (execution, _) = server.client().submit("[[lines n=2]][[hang]]").await;
    let mut socket = server.other().socket(&execution, None).await;
    while next_frame(&mut socket).await.unwrap()["type"] != "claude_message" {}
    shows(&server, "longshore_slots_used", 1.0).await;
    shows(&server, "longshore_websockets", 1.0).await;
    let session = server.client().execution(&execution).await["session_id"].clone();
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]", "session_id": session });
    let (next, _) = server.client().execute(&body).await;
    // Every API shows the whole.
    let apis = server.apis.len() as f64;
    shows(&server, "longshore_queue_depth", apis).await;
    server.client().cancel(&execution).await;
    while next_frame(&mut socket).await.is_ok() {}
    drop(socket);
    server.other().watch(&next).await;
    shows(&server, "longshore_queue_depth", 0.0).await;
    shows(&server, "longshore_slots_used", 0.0).await;
    shows(&server, "longshore_websockets", 0.0).await;
    let ended = r#"longshore_executions_ended_total{status="cancelled",code="CANCELLED"}"#;
    shows(&server, ended, 1.0).await;
    server
}

async fn labels_are_routes_and_never_paths(server: Server) -> Server {
    let client = server.client();
    for n in 0..3 {
        client.get(&format!("/marker-{n}")).await;
        client
            .get(&format!("/api/v1/claude/executions/marker-{n}"))
            .await;
        let invented = Method::from_bytes(format!("MARKER{n}").as_bytes()).unwrap();
        client.send(client.request(invented, "/healthz")).await;
    }
    for (labels, value) in [
        (r#"method="GET",route="unknown",status="404""#, 3.0),
        (
            r#"method="GET",route="/api/v1/claude/executions/{id}",status="404""#,
            3.0,
        ),
        (r#"method="other",route="/healthz",status="405""#, 3.0),
    ] {
        shows(
            &server,
            &format!("longshore_http_requests_total{{{labels}}}"),
            value,
        )
        .await;
    }
    for scraped in scrape(&server).await {
        assert!(
            !scraped.0.to_lowercase().contains("marker"),
            "{}",
            scraped.0
        );
    }
    server
}
