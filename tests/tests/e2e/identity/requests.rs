//! Every path with every token that is not taken.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::server::Server;
use uuid::Uuid;

use super::{EXECUTE, bad_tokens, client, setup, token, unauthorized};

over_every_server! { setup() =>
    a_request_without_a_good_token_is_refused: ["identity.401", "identity.www-authenticate", "identity.exp", "identity.sub", "identity.aud", "identity.iss", "identity.claim-type", "identity.alg.fixed"],
    a_scope_that_is_missing_is_named: ["identity.scope", "identity.scope.execute", "identity.scope.read"],
    a_scope_is_asked_for_before_a_body: ["identity.scope.execute"],
    some_paths_need_no_token: ["identity.open-paths"],
}

/// All paths that need a token, with ids that are there and some that are not.
fn paths(executions: &[String], sessions: &[String]) -> Vec<(Method, String)> {
    const BASE: &str = "/api/v1/claude";
    let mut paths = vec![
        (Method::POST, EXECUTE.to_owned()),
        (Method::GET, format!("{BASE}/executions")),
        (Method::GET, format!("{BASE}/sessions")),
        (Method::GET, format!("{BASE}/sessions?workspace_id=demo")),
    ];
    for id in executions {
        let path = format!("{BASE}/executions/{id}");
        paths.push((Method::POST, format!("{path}/cancel")));
        paths.push((Method::GET, format!("{path}/events")));
        paths.push((Method::GET, path));
    }
    for id in sessions {
        let path = format!("{BASE}/sessions/{id}");
        paths.push((Method::GET, format!("{path}/logs")));
        paths.push((Method::GET, path.clone()));
        paths.push((Method::DELETE, path));
    }
    paths
}

async fn a_request_without_a_good_token_is_refused(server: Server) -> Server {
    let (execution, session) = client(&server, &token("alice"))
        .submit("[[text fine]]")
        .await;
    let executions = [execution, Uuid::now_v7().to_string(), "none".to_owned()];
    let sessions = [session, Uuid::new_v4().to_string(), "none".to_owned()];
    let nobody = server.other();
    for (method, path) in paths(&executions, &sessions) {
        let answer = nobody.send(nobody.request(method.clone(), &path)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            "{method} {path}"
        );
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        for (token, says) in bad_tokens() {
            let bad = nobody.with_token(&token);
            let answer = bad.send(bad.request(method.clone(), &path)).await;
            unauthorized(&answer, &token, says);
        }
    }
    let stream = nobody.event_stream(&executions[0], None).await;
    assert_eq!(stream.err().expect("no stream").code(), "UNAUTHORIZED");
    // What is refused is told also to a client that is still sending.
    let body = json!({ "workspace_id": "demo", "prompt": "x".repeat(3 << 20) });
    assert_eq!(nobody.post(EXECUTE, &body).await.code(), "UNAUTHORIZED");
    for header in ["Basic YTpi", "Bearer", "bearer ", &token("alice").signed()] {
        let request = nobody.request(Method::GET, "/api/v1/claude/executions");
        let answer = nobody.send(request.header("authorization", header)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{header}");
    }
    server
}

async fn a_scope_that_is_missing_is_named(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let (execution, session) = alice.submit("[[text fine]]").await;
    for (scope, allowed) in [
        ("", None),
        ("read", Some("read")),
        ("admin execute", Some("execute")),
    ] {
        let limited = client(&server, &token("alice").with("scope", json!(scope)));
        let (of, sessions) = (std::slice::from_ref(&execution), [session.clone()]);
        for (method, path) in paths(of, &sessions) {
            let needed = if method == Method::GET {
                "read"
            } else {
                "execute"
            };
            let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
            let request = limited.request(method.clone(), &path).json(&body);
            let answer = limited.send(request).await;
            if allowed == Some(needed) {
                assert!(
                    answer.status.is_success(),
                    "{method} {path}: {}",
                    answer.body
                );
                continue;
            }
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::FORBIDDEN, "FORBIDDEN"),
                "{scope}: {method} {path}"
            );
            let message = answer.body["message"].as_str().unwrap();
            assert!(message.contains(&format!("{needed:?}")), "{message}");
        }
    }
    server
}

/// Whoever may not execute is told so, whatever the body is, and whatever else is wrong.
async fn a_scope_is_asked_for_before_a_body(server: Server) -> Server {
    let reader = client(&server, &token("alice").with("scope", json!("read")));
    let request = || reader.request(Method::POST, EXECUTE);
    for request in [
        request().body("{"),
        request()
            .header("content-type", "application/json")
            .body("{"),
        request().header("idempotency-key", "").json(&json!({})),
    ] {
        let answer = reader.send(request).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::FORBIDDEN, "FORBIDDEN"),
            "{}",
            answer.body
        );
    }
    server
}

async fn some_paths_need_no_token(server: Server) -> Server {
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs/"] {
        for token in [None, Some("nonsense")] {
            let client = token.map_or(server.client().clone(), |token| {
                server.client().with_token(token)
            });
            assert_eq!(client.get(path).await.status, StatusCode::OK, "{path}");
        }
    }
    // A path that does not exist is no secret.
    let answer = server.client().get("/api/v1/claude/nosuch").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    // With a key, any name may lead here.
    let request = server.client().request(Method::GET, "/healthz");
    let answer = server
        .client()
        .send(request.header("host", "longshore.example"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    server
}
