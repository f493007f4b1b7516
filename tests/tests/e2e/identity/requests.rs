//! Every path with every token that is not taken.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::server::Server;
use uuid::Uuid;

use super::{EXECUTE, bad_tokens, client, setup, token, unauthorized};

over_every_server! { setup() =>
    a_request_without_a_good_token_is_refused,
    a_scope_that_is_missing_is_named,
    some_paths_need_no_token,
}

/// All paths that need a token, of an execution that is there and of one that is not.
fn paths(executions: &[String]) -> Vec<(Method, String)> {
    let mut paths = vec![(Method::POST, EXECUTE.to_owned())];
    for id in executions {
        let path = format!("/api/v1/claude/executions/{id}");
        paths.push((Method::POST, format!("{path}/cancel")));
        paths.push((Method::GET, format!("{path}/events")));
        paths.push((Method::GET, path));
    }
    paths
}

async fn a_request_without_a_good_token_is_refused(server: Server) -> Server {
    let (execution, _) = client(&server, &token("alice"))
        .submit("[[text fine]]")
        .await;
    let ids = [execution, Uuid::now_v7().to_string(), "none".to_owned()];
    let nobody = server.other();
    for (method, path) in paths(&ids) {
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
    // What is refused is told also to a client that is still sending.
    let body = json!({ "workspace_id": "demo", "prompt": "x".repeat(3 << 20) });
    assert_eq!(nobody.post(EXECUTE, &body).await.code(), "UNAUTHORIZED");
    for header in ["Basic YTpi", "Bearer", "bearer ", &token("alice").signed()] {
        let request = nobody.request(Method::GET, &paths(&ids)[3].1);
        let answer = nobody.send(request.header("authorization", header)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{header}");
    }
    server
}

async fn a_scope_that_is_missing_is_named(server: Server) -> Server {
    let alice = client(&server, &token("alice"));
    let (execution, _) = alice.submit("[[text fine]]").await;
    for (scope, allowed) in [
        ("", None),
        ("read", Some("read")),
        ("admin execute", Some("execute")),
    ] {
        let limited = client(&server, &token("alice").with("scope", json!(scope)));
        for (method, path) in paths(std::slice::from_ref(&execution)) {
            let needed = if method == Method::POST {
                "execute"
            } else {
                "read"
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

async fn some_paths_need_no_token(server: Server) -> Server {
    for path in ["/healthz", "/readyz"] {
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
