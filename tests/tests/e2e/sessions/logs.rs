//! `GET /sessions/{id}/logs`: the events of all executions of a session, in order.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::client::Client;
use tests::server::{Server, Setup};

over_every_server! { Setup::default().with("LONGSHORE_MAX_EVENTS", "100") =>
    logs_are_the_recorded_events_of_all_executions_in_order: ["logs.page", "logs.order", "logs.count"],
    logs_show_what_runs_so_far,
    logs_tell_what_is_kept_no_longer,
    what_logs_are_asked_for_is_checked: ["logs.limit", "logs.order.invalid", "logs.cursor"],
}

async fn turn(client: &Client, session: Option<&str>, prompt: &str) -> (String, String) {
    client
        .execute(&json!({ "workspace_id": "demo", "prompt": prompt, "session_id": session }))
        .await
}

async fn logs(client: &Client, session: &str, query: &str) -> Value {
    let answer = client
        .get(&format!("/api/v1/claude/sessions/{session}/logs?{query}"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    assert_eq!(answer.body["session_id"], session.to_lowercase());
    let count = answer.body["logs"].as_array().map(Vec::len);
    assert_eq!(answer.body["count"], json!(count), "of this page");
    answer.body
}

/// All pages, from one replica and the other in turn.
async fn all(server: &Server, session: &str, query: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for page in 0.. {
        let client = &server.clients[page % server.clients.len()];
        let body = logs(client, session, &format!("{query}limit={limit}{cursor}")).await;
        let entries = body["logs"].as_array().unwrap();
        assert!((1..=limit).contains(&entries.len()), "{body:#}");
        all.extend(entries.iter().cloned());
        let Some(next) = body["next_cursor"].as_str() else {
            break;
        };
        assert_eq!(entries.len(), limit, "full where more follows");
        cursor = format!("&cursor={next}");
    }
    all
}

async fn logs_are_the_recorded_events_of_all_executions_in_order(server: Server) -> Server {
    let client = server.client();
    let (first, session) = turn(client, None, "[[text one]][[text two]]").await;
    let mut executions = vec![first];
    for prompt in ["[[crash]]", "[[text three]]"] {
        executions.push(turn(server.other(), Some(&session), prompt).await.0);
    }
    turn(client, None, "[[text of another session]]").await;
    let mut expected = Vec::new();
    for execution in &executions {
        let watched = client.watch(execution).await;
        expected.extend(watched.recorded().into_iter().cloned());
    }
    let count = expected.len();
    for limit in [1, 2, 3, count - 1, count, count + 1, 1000] {
        assert_eq!(
            all(&server, &session, "", limit).await,
            expected,
            "limit {limit}"
        );
        assert_eq!(all(&server, &session, "order=asc&", limit).await, expected);
        let mut newest_first = all(&server, &session, "order=desc&", limit).await;
        newest_first.reverse();
        assert_eq!(newest_first, expected, "limit {limit}");
    }
    assert_eq!(logs(client, &session, "").await["logs"], json!(expected));
    assert_eq!(
        logs(client, &session.to_uppercase(), "").await["count"],
        count
    );
    server
}

async fn logs_show_what_runs_so_far(server: Server) -> Server {
    let client = server.client();
    let (running, session) = turn(client, None, "[[text started]][[hang]]").await;
    let mut socket = client.socket(&running, None).await;
    while tests::client::next_frame(&mut socket).await.unwrap()["type"] != "claude_message" {}
    turn(client, Some(&session), "[[text later]]").await;
    let so_far = logs(server.other(), &session, "").await;
    assert_eq!(so_far["logs"][0]["type"], "status");
    assert_eq!(so_far["next_cursor"], json!(null));
    client.cancel(&running).await;
    client.watch(&running).await;
    server
}

async fn logs_tell_what_is_kept_no_longer(server: Server) -> Server {
    let client = server.client();
    let (first, session) = turn(client, None, "[[lines n=150 bytes=10 rate=100000]]").await;
    client.watch(&first).await;
    let page = logs(client, &session, "limit=1000").await;
    let entries = page["logs"].as_array().unwrap();
    let (gap, oldest) = (&entries[0], &entries[1]["id"]);
    assert_eq!(
        (&gap["type"], &gap["data"]["earliest"]),
        (&json!("gap"), oldest),
        "{gap:#}"
    );
    let back = logs(client, &session, "limit=1000&order=desc").await;
    let back = back["logs"].as_array().unwrap();
    let gap = &back[back.len() - 1];
    assert_eq!(
        (&gap["type"], &gap["data"]["earliest"]),
        (&json!("gap"), oldest),
        "{gap:#}"
    );
    assert_eq!(back[0]["type"], "end");
    server
}

async fn what_logs_are_asked_for_is_checked(server: Server) -> Server {
    let client = server.client();
    let (first, session) = turn(client, None, "[[text one]][[text two]]").await;
    client.watch(&first).await;
    let path = format!("/api/v1/claude/sessions/{session}/logs");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("order=up", "order"),
        ("order=", "order"),
        ("after=1-1", "after"),
    ] {
        let answer = client.get(&format!("{path}?{query}")).await;
        assert_eq!(
            (
                answer.status,
                answer.code(),
                &answer.body["details"]["field"]
            ),
            (StatusCode::BAD_REQUEST, "INVALID_REQUEST", &json!(field)),
            "{query}"
        );
    }
    let cursor = logs(client, &session, "limit=1").await["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    for query in [
        "cursor=x".to_owned(),
        "cursor=".to_owned(),
        format!("cursor={cursor}x"),
        format!("order=desc&cursor={cursor}"),
    ] {
        let answer = client.get(&format!("{path}?{query}")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "INVALID_CURSOR"),
            "{query}"
        );
    }
    server
}
