//! What is another workspace's does not exist.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::next_frame;
use tests::server::Server;
use uuid::Uuid;

use super::{EXECUTE, client, setup, token};

over_every_server! { setup() =>
    a_workspace_of_others_may_not_be_named,
    what_is_of_others_does_not_exist,
}

async fn a_workspace_of_others_may_not_be_named(server: Server) -> Server {
    for (workspaces, allowed) in [
        (json!(["demo", "mine"]), true),
        (json!(["*"]), true),
        (json!(["mine"]), false),
        (json!([]), false),
        (json!(null), false),
    ] {
        let alice = client(
            &server,
            &token("alice").with("workspaces", workspaces.clone()),
        );
        let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
        let answer = alice.post(EXECUTE, &body).await;
        if allowed {
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{workspaces}");
        } else {
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::FORBIDDEN, "FORBIDDEN"),
                "{workspaces}"
            );
        }
    }
    server
}

async fn what_is_of_others_does_not_exist(server: Server) -> Server {
    let alice = client(&server, &token("alice").with("workspaces", json!(["demo"])));
    let (execution, session) = alice.submit("[[text started]][[hang]]").await;
    let bob = server
        .other()
        .with_token(&token("bob").with("workspaces", json!(["other"])).signed());
    let unknown = Uuid::now_v7().to_string();
    for (method, rest) in [
        (Method::GET, ""),
        (Method::GET, "/events"),
        (Method::POST, "/cancel"),
    ] {
        let mut answers = Vec::new();
        for id in [&execution, &unknown] {
            let path = format!("/api/v1/claude/executions/{id}{rest}");
            let answer = bob.send(bob.request(method.clone(), &path)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            answers.push((
                answer.code().to_owned(),
                answer.body["message"].clone(),
                answer.body.get("details").cloned(),
            ));
        }
        assert_eq!(answers[0], answers[1], "{rest}");
    }
    let mut refusals = Vec::new();
    for id in [&execution, &unknown] {
        let refusal = bob
            .connect(&format!("/ws/executions/{id}"), &[])
            .await
            .unwrap_err();
        assert_eq!(refusal.status, StatusCode::NOT_FOUND);
        refusals.push((refusal.code().to_owned(), refusal.body["message"].clone()));
    }
    assert_eq!(refusals[0], refusals[1]);
    // Not even from a workspace of their own.
    let body = json!({ "workspace_id": "other", "prompt": "[[text fine]]", "session_id": session });
    assert_eq!(bob.post(EXECUTE, &body).await.code(), "SESSION_NOT_FOUND");
    assert_eq!(alice.execution(&execution).await["error"], json!(null));
    // Whoever else has the workspace has what is in it.
    let carol = client(
        &server,
        &token("carol").with("workspaces", json!(["other", "demo"])),
    );
    let mut socket = carol.socket(&execution, None).await;
    assert_eq!(next_frame(&mut socket).await.unwrap()["type"], "subscribed");
    assert_eq!(carol.cancel(&execution).await.status, StatusCode::ACCEPTED);
    assert_eq!(alice.watch(&execution).await.status(), "cancelled");
    server
}
