//! Closing a session: what lives is cancelled, what comes is refused.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::{Answer, Client, next_frame};
use tests::server::{Server, Setup};
use uuid::Uuid;

over_every_server! { Setup::default().with("LONGSHORE_DRAIN", "1s") =>
    closing_cancels_what_lives_and_refuses_what_comes: ["sessions.close", "sessions.close.executions", "sessions.close.refuses", "execute.session_id.closed", "run.error.session-closed", "sessions.status"],
    an_idle_session_is_closed_too: ["sessions.close"],
    a_session_that_is_none_cannot_be_closed: ["sessions.unknown"],
}

async fn close(client: &Client, session: &str) -> Answer {
    let path = format!("/api/v1/claude/sessions/{session}");
    client.send(client.request(Method::DELETE, &path)).await
}

async fn closing_cancels_what_lives_and_refuses_what_comes(server: Server) -> Server {
    let (client, other) = (server.client(), server.other());
    let (running, session) = client.submit("[[text started]][[hang]]").await;
    let mut socket = client.socket(&running, None).await;
    while next_frame(&mut socket).await.unwrap()["type"] != "claude_message" {}
    let body = json!({ "workspace_id": "demo", "prompt": "[[text no]]", "session_id": session });
    let mut living = vec![running];
    for client in [client, other, client] {
        living.push(client.execute(&body).await.0);
    }
    for _ in 0..2 {
        let answer = close(other, &session.to_uppercase()).await;
        assert_eq!(
            (answer.status, answer.body),
            (StatusCode::OK, json!({ "message": "Session closed" }))
        );
        let refused = client.post("/api/v1/claude/execute", &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::CONFLICT, "SESSION_CLOSED")
        );
    }
    for execution in &living {
        let watched = client.watch(execution).await;
        assert_eq!(
            (watched.status(), watched.code()),
            ("cancelled", "SESSION_CLOSED")
        );
        let record = other.execution(execution).await;
        assert_eq!(
            (&record["status"], &record["error"]["code"]),
            (&json!("cancelled"), &json!("SESSION_CLOSED"))
        );
    }
    for execution in &living[1..] {
        let record = client.execution(execution).await;
        assert_eq!(record["started_at"], json!(null), "what waited never ran");
    }
    let record = client
        .get(&format!("/api/v1/claude/sessions/{session}"))
        .await
        .body;
    assert_eq!(
        (
            &record["status"],
            &record["executions"],
            &record["active_execution_id"]
        ),
        (&json!("closed"), &json!(4), &json!(null))
    );
    server
}

async fn an_idle_session_is_closed_too(server: Server) -> Server {
    let client = server.client();
    let watched = client.run("[[text fine]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let before = client.execution(execution).await;
    let session = before["session_id"].as_str().unwrap();
    assert_eq!(close(client, session).await.status, StatusCode::OK);
    assert_eq!(
        server.other().execution(execution).await,
        before,
        "what has ended stays"
    );
    let logs = client
        .get(&format!("/api/v1/claude/sessions/{session}/logs"))
        .await;
    assert_eq!(logs.status, StatusCode::OK, "it can still be read");
    server
}

async fn a_session_that_is_none_cannot_be_closed(server: Server) -> Server {
    let client = server.client();
    let (execution, _) = client.submit("[[text fine]]").await;
    client.watch(&execution).await;
    for id in ["x", &Uuid::new_v4().to_string(), &execution, "%2e%2e%2fx"] {
        for (method, rest) in [
            (Method::DELETE, ""),
            (Method::GET, ""),
            (Method::GET, "/logs"),
        ] {
            let path = format!("/api/v1/claude/sessions/{id}{rest}");
            let answer = client.send(client.request(method, &path)).await;
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::NOT_FOUND, "SESSION_NOT_FOUND"),
                "{path}"
            );
        }
    }
    server
}
