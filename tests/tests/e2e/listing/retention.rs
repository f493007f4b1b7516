//! What is kept no longer is neither found nor listed nor counted.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::Client;
use tests::server::{SOON, Server, Setup};
use tokio::time::timeout;

use super::{EXECUTIONS, SESSIONS, ended, ids, list};

over_every_server! { short() =>
    what_has_expired_is_gone: ["executions.retention", "sessions.retention"],
    what_goes_on_does_not_expire: ["sessions.retention"],
}

fn short() -> Setup {
    Setup::default()
        .with("LONGSHORE_RETENTION", "1s")
        .with("LONGSHORE_SESSION_RETENTION", "3s")
        .with("LONGSHORE_DRAIN", "1s")
}

/// Waits until a path is answered with 404, and says with which code.
async fn gone(client: &Client, path: &str) -> String {
    let gone = async {
        loop {
            let answer = client.get(path).await;
            if answer.status == StatusCode::NOT_FOUND {
                return answer.code().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, gone).await.expect("it is gone in time")
}

async fn what_has_expired_is_gone(server: Server) -> Server {
    let (client, other) = (server.client(), server.other());
    let (execution, session) = ended(client, "demo", None).await;
    let (of_it, whole) = (
        format!("{EXECUTIONS}/{execution}"),
        format!("{SESSIONS}/{session}"),
    );
    assert_eq!(gone(other, &of_it).await, "EXECUTION_NOT_FOUND");
    for path in [
        format!("{of_it}/events"),
        format!("/ws/executions/{execution}"),
    ] {
        let code = if path.starts_with("/ws") {
            client
                .connect(&path, &[])
                .await
                .expect_err("no socket")
                .code()
                .to_owned()
        } else {
            client.get(&path).await.code().to_owned()
        };
        assert_eq!(code, "EXECUTION_NOT_FOUND", "{path}");
    }
    let cancelled = client.cancel(&execution).await;
    assert_eq!(cancelled.code(), "EXECUTION_NOT_FOUND");
    for query in ["", "workspace_id=demo", "status=completed"] {
        let page = list(client, EXECUTIONS, query).await;
        assert_eq!(
            page,
            json!({ "executions": [], "next_cursor": null }),
            "{query}"
        );
    }
    // The session outlives its executions.
    let page = list(other, SESSIONS, "").await;
    assert_eq!(
        (ids(&page, "sessions"), &page["total"]),
        (vec![session.clone()], &json!(1))
    );
    let logs = other.get(&format!("{whole}/logs")).await;
    assert_eq!(
        (&logs.body["logs"], &logs.body["count"]),
        (&json!([]), &json!(0))
    );

    assert_eq!(gone(client, &whole).await, "SESSION_NOT_FOUND");
    for query in ["", "workspace_id=demo", "status=idle"] {
        let page = list(client, SESSIONS, query).await;
        let nothing = json!({ "sessions": [], "total": 0, "next_cursor": null });
        assert_eq!(page, nothing, "{query}");
    }
    assert_eq!(
        gone(client, &format!("{whole}/logs")).await,
        "SESSION_NOT_FOUND"
    );
    let close = client.send(client.request(Method::DELETE, &whole)).await;
    assert_eq!(close.code(), "SESSION_NOT_FOUND");
    let body = json!({ "workspace_id": "demo", "prompt": "again", "session_id": session });
    let refused = client.post("/api/v1/claude/execute", &body).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::NOT_FOUND, "SESSION_NOT_FOUND")
    );
    server
}

async fn what_goes_on_does_not_expire(server: Server) -> Server {
    let client = server.client();
    let (other, _) = ended(client, "demo", None).await;
    let (execution, session) = client.submit("[[text started]][[hang]]").await;
    gone(client, &format!("{EXECUTIONS}/{other}")).await;
    let (short, _) = ended(client, "demo", None).await;
    gone(client, &format!("{EXECUTIONS}/{short}")).await;
    let (third, last) = ended(client, "demo", None).await;
    gone(client, &format!("{EXECUTIONS}/{third}")).await;
    gone(client, &format!("{SESSIONS}/{last}")).await;
    // More than the session retention has passed since it began.
    let page = list(client, SESSIONS, "status=active").await;
    assert_eq!(
        (ids(&page, "sessions"), &page["total"]),
        (vec![session], &json!(1))
    );
    let page = list(client, EXECUTIONS, "").await;
    assert_eq!(ids(&page, "executions"), std::slice::from_ref(&execution));
    client.cancel(&execution).await;
    client.watch(&execution).await;
    server
}
