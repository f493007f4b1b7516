//! The trace id of every answer: the caller's, where there is one.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::server::Server;

use super::{EXECUTE, check, check_trace_id, ended, setup};

over_every_server! { setup() =>
    the_callers_trace_id_is_kept: ["errors.trace-id.traceparent", "trace.record"],
    every_answer_has_a_trace_id: ["errors.trace-id.header"],
}

async fn the_callers_trace_id_is_kept(server: Server) -> Server {
    let client = server.client();
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
    let id = "0af7651916cd43dd8448eb211c80319c";
    for (traceparent, kept) in [
        (format!("00-{id}-b7ad6b7169203331-01"), true),
        (format!("cc-{id}-b7ad6b7169203331-01-later"), true),
        (format!("00-{id}-b7ad6b7169203331"), false),
        (
            format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
            false,
        ),
        (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false),
        (format!("00-{id}-0000000000000000-01"), false),
        (format!("ff-{id}-b7ad6b7169203331-01"), false),
        ("nonsense".to_owned(), false),
        (String::new(), false),
    ] {
        let request = client.request(Method::POST, EXECUTE).json(&body);
        let answer = client
            .send(request.header("traceparent", &traceparent))
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        check_trace_id(&answer.headers, &traceparent);
        assert_eq!(answer.headers["x-trace-id"] == id, kept, "{traceparent}");
        let execution = answer.body["execution_id"].as_str().unwrap();
        let record = server.other().execution(execution).await;
        assert_eq!(
            answer.headers["x-trace-id"],
            record["trace_id"].as_str().unwrap()
        );
        server.other().watch(execution).await;
    }
    let request = client.request(Method::GET, "/nosuch");
    let answer = client
        .send(request.header("traceparent", format!("00-{id}-b7ad6b7169203331-00")))
        .await;
    check(
        &answer,
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "with a traceparent",
    );
    assert_eq!(answer.body["trace_id"], id);
    server
}

async fn every_answer_has_a_trace_id(server: Server) -> Server {
    let client = server.client();
    let execution = ended(client).await;
    let record = format!("/api/v1/claude/executions/{execution}");
    let mut seen = std::collections::HashSet::new();
    for path in [
        "/healthz",
        "/readyz",
        &record,
        &format!("{record}/events"),
        "/healthz",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        check_trace_id(&answer.headers, path);
        assert!(
            seen.insert(answer.headers["x-trace-id"].clone()),
            "every request has its own"
        );
    }
    let (_, headers) = client
        .upgrade(&format!("/ws/executions/{execution}"), &[])
        .await
        .unwrap();
    check_trace_id(&headers, "an upgrade");
    server
}
