//! What is another workspace's does not exist.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::next_frame;
use tests::server::Server;
use uuid::Uuid;

use super::{EXECUTE, client, setup, token};

const EXECUTIONS: &str = "/api/v1/claude/executions";
const SESSIONS: &str = "/api/v1/claude/sessions";

over_every_server! { setup() =>
    a_workspace_of_others_may_not_be_named: ["identity.workspaces", "identity.foreign.403"],
    what_is_of_others_does_not_exist: ["identity.foreign.404", "execute.session_id.unknown"],
    lists_hold_what_the_caller_may_see: ["executions.list.reach", "sessions.list.reach", "identity.workspaces", "sessions.list.total"],
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
        for answer in [
            alice.post(EXECUTE, &body).await,
            alice.get(&format!("{EXECUTIONS}?workspace_id=demo")).await,
            alice.get(&format!("{SESSIONS}?workspace_id=demo")).await,
        ] {
            if allowed {
                assert!(answer.status.is_success(), "{workspaces}: {}", answer.body);
            } else {
                assert_eq!(
                    (answer.status, answer.code()),
                    (StatusCode::FORBIDDEN, "FORBIDDEN"),
                    "{workspaces}"
                );
            }
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
    for (method, of, own, rest) in [
        (Method::GET, EXECUTIONS, &execution, ""),
        (Method::GET, EXECUTIONS, &execution, "/events"),
        (Method::POST, EXECUTIONS, &execution, "/cancel"),
        (Method::GET, SESSIONS, &session, ""),
        (Method::GET, SESSIONS, &session, "/logs"),
        (Method::DELETE, SESSIONS, &session, ""),
    ] {
        let mut answers = Vec::new();
        for id in [own, &unknown] {
            let path = format!("{of}/{id}{rest}");
            let answer = bob.send(bob.request(method.clone(), &path)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            answers.push((
                answer.code().to_owned(),
                answer.body["message"].clone(),
                answer.body.get("details").cloned(),
            ));
        }
        assert_eq!(answers[0], answers[1], "{of} {rest}");
    }
    let mut refusals = Vec::new();
    for id in [&execution, &unknown] {
        let stream = bob.event_stream(id, None).await.err().expect("no stream");
        assert_eq!(stream.code(), "EXECUTION_NOT_FOUND");
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

async fn lists_hold_what_the_caller_may_see(server: Server) -> Server {
    let all = client(&server, &token("root").with("workspaces", json!(["*"])));
    let (mut executions, mut sessions) = (Vec::new(), Vec::new());
    for workspace in ["a", "b", "c", "a", "b", "c"] {
        let body = json!({ "workspace_id": workspace, "prompt": "[[text fine]]" });
        let (execution, session) = all.execute(&body).await;
        all.watch(&execution).await;
        executions.push((workspace, execution));
        sessions.push((workspace, session));
    }
    for (workspaces, query) in [
        (vec!["*"], ""),
        (vec!["a"], ""),
        (vec!["a", "c"], ""),
        (vec!["c", "b", "nosuch"], ""),
        (vec!["nosuch"], ""),
        (vec![], ""),
        (vec!["a", "c"], "&workspace_id=c"),
        (vec!["*"], "&workspace_id=b"),
    ] {
        let token = token("alice").with("workspaces", json!(workspaces));
        let shown = |of: &&str| {
            (workspaces.contains(&"*") || workspaces.contains(of))
                && (query.is_empty() || query.ends_with(*of))
        };
        for (path, name, all) in [
            (EXECUTIONS, "execution", &executions),
            (SESSIONS, "session", &sessions),
        ] {
            let expected: Vec<&String> = all
                .iter()
                .rev()
                .filter(|(workspace, _)| shown(workspace))
                .map(|(_, id)| id)
                .collect();
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            for page in 0.. {
                let client =
                    server.clients[page % server.clients.len()].with_token(&token.signed());
                let answer = client.get(&format!("{path}?limit=2{query}{cursor}")).await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
                if name == "session" {
                    assert_eq!(
                        answer.body["total"],
                        expected.len(),
                        "{workspaces:?}{query}"
                    );
                }
                for item in answer.body[format!("{name}s")].as_array().unwrap() {
                    seen.push(item[format!("{name}_id")].as_str().unwrap().to_owned());
                }
                let Some(next) = answer.body["next_cursor"].as_str() else {
                    break;
                };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(
                seen.iter().collect::<Vec<_>>(),
                expected,
                "{path} {workspaces:?}{query}"
            );
        }
    }
    // The session of a workspace that is not the caller's has no executions for it.
    let alice = client(&server, &token("alice").with("workspaces", json!(["a"])));
    let query = format!("{EXECUTIONS}?session_id={}", sessions[1].1);
    assert_eq!(alice.get(&query).await.body["executions"], json!([]));
    // A cursor gives no more than the token that it is used with.
    let first = all.get(&format!("{EXECUTIONS}?limit=1")).await;
    let next = first.body["next_cursor"].as_str().unwrap();
    let rest = alice.get(&format!("{EXECUTIONS}?cursor={next}")).await;
    let rest = rest.body["executions"].as_array().unwrap().clone();
    assert!(rest.iter().all(|item| item["workspace_id"] == "a") && rest.len() == 2);
    server
}
