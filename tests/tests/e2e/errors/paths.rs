//! Paths, methods and ids that are none.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::server::Server;
use uuid::Uuid;

use super::{EXECUTE, check, check_trace_id, ended, setup};

over_every_server! { setup() =>
    an_unknown_path_is_not_found: ["errors.404.unknown-path", "errors.shape", "errors.head"],
    a_method_that_a_path_does_not_take_is_refused: ["errors.405", "errors.405.allow", "errors.head", "errors.shape"],
    an_id_that_is_none_is_not_found: [
        "executions.id.not-uuid", "executions.id.unknown", "ws.id.unknown", "errors.shape",
    ],
}

async fn an_unknown_path_is_not_found(server: Server) -> Server {
    let client = server.client();
    let id = Uuid::now_v7();
    for path in [
        "/",
        "/nosuch",
        "/api",
        "/api/v1/claude",
        "/api/v1/claude/",
        "/api/v1/claude/nosuch",
        "/api/v1/claude/execute/",
        "/api/v2/claude/execute",
        "/api/v1/claude/executions/",
        &format!("/api/v1/claude/executions/{id}/"),
        &format!("/api/v1/claude/executions/{id}/nosuch"),
        "/ws",
        "/ws/executions/",
        "/healthz/x",
        "/HEALTHZ",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%ff",
        "/ä",
        &format!("/{}", "x".repeat(8000)),
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
            let answer = client.send(client.request(method.clone(), path)).await;
            check(
                &answer,
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                &format!("{method} {path:.80}"),
            );
        }
        let answer = client.send(client.request(Method::HEAD, path)).await;
        assert_eq!(
            (answer.status, &answer.body),
            (StatusCode::NOT_FOUND, &json!("")),
            "HEAD {path:.80}"
        );
        check_trace_id(&answer.headers, path);
    }
    server
}

async fn a_method_that_a_path_does_not_take_is_refused(server: Server) -> Server {
    let client = server.client();
    let execution = ended(client).await;
    let record = format!("/api/v1/claude/executions/{execution}");
    for (path, right) in [
        (EXECUTE, "POST"),
        (&record, "GET,HEAD"),
        (&format!("{record}/events"), "GET,HEAD"),
        (&format!("{record}/cancel"), "POST"),
        (&format!("/ws/executions/{execution}"), "GET,HEAD"),
        ("/healthz", "GET,HEAD"),
        ("/readyz", "GET,HEAD"),
    ] {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW",
        ] {
            if right.split(',').any(|right| right == method) {
                continue;
            }
            let of = format!("{method} {path}");
            let answer = client
                .send(client.request(method.parse().unwrap(), path))
                .await;
            assert_eq!(answer.headers["allow"], right, "{of}");
            if method == "HEAD" {
                assert_eq!(
                    (answer.status, &answer.body),
                    (StatusCode::METHOD_NOT_ALLOWED, &json!(""))
                );
                check_trace_id(&answer.headers, &of);
            } else {
                check(
                    &answer,
                    StatusCode::METHOD_NOT_ALLOWED,
                    "METHOD_NOT_ALLOWED",
                    &of,
                );
            }
        }
    }
    // Where GET is taken, HEAD answers the same without the body.
    let (get, head) = (
        client.get(&record).await,
        client.send(client.request(Method::HEAD, &record)).await,
    );
    assert_eq!((head.status, &head.body), (StatusCode::OK, &json!("")));
    assert_eq!(
        head.headers["content-length"],
        get.headers["content-length"]
    );
    server
}

async fn an_id_that_is_none_is_not_found(server: Server) -> Server {
    let client = server.client();
    let (_, session) = client.submit("[[text fine]]").await;
    let unknown = Uuid::now_v7();
    for id in [
        "1",
        "nosuch",
        "null",
        "00000000-0000-0000-0000-000000000000",
        &unknown.to_string(),
        &unknown.simple().to_string(),
        &format!("%7B{unknown}%7D"),
        &format!("{unknown}%00"),
        &format!("{unknown}%0a"),
        &session,
        "%2e%2e%2fexecutions",
        "%ff",
        "a%20b",
        "%F0%9F%A6%80",
        &"x".repeat(4000),
    ] {
        for (method, path) in [
            (Method::GET, format!("/api/v1/claude/executions/{id}")),
            (
                Method::GET,
                format!("/api/v1/claude/executions/{id}/events"),
            ),
            (
                Method::POST,
                format!("/api/v1/claude/executions/{id}/cancel"),
            ),
        ] {
            let of = format!("{method} {path:.100}");
            let answer = client.send(client.request(method, &path)).await;
            check(&answer, StatusCode::NOT_FOUND, "EXECUTION_NOT_FOUND", &of);
        }
        let refusal = client
            .connect(&format!("/ws/executions/{id}"), &[])
            .await
            .unwrap_err();
        check(&refusal, StatusCode::NOT_FOUND, "EXECUTION_NOT_FOUND", id);
    }
    server
}
