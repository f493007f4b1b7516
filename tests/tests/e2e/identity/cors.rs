//! Pages of other origins.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use tests::client::{Answer, Client};
use tests::server::{Server, Setup};

use super::{EXECUTE, setup, token};

const ORIGIN: &str = "https://app.example";

over_every_server! { with_origins() =>
    a_preflight_is_answered_without_a_token: ["identity.cors"],
    answers_may_be_read_by_allowed_pages_only: ["identity.cors"],
}

fn with_origins() -> Setup {
    setup().with(
        "LONGSHORE_ALLOWED_ORIGINS",
        "https://app.example,http://localhost:3000",
    )
}

async fn preflight(client: &Client, origin: &str) -> Answer {
    let request = client
        .request(Method::OPTIONS, EXECUTE)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    client.send(request).await
}

/// The words of a header, in lower case.
fn words(answer: &Answer, header: &str) -> BTreeSet<String> {
    let values = answer.headers.get_all(header).iter();
    let words = values.flat_map(|value| value.to_str().unwrap().split(','));
    words.map(|word| word.trim().to_lowercase()).collect()
}

async fn a_preflight_is_answered_without_a_token(server: Server) -> Server {
    for origin in [ORIGIN, "http://localhost:3000"] {
        let answer = preflight(server.client(), origin).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        assert!(answer.headers.contains_key("x-trace-id"));
        let methods = words(&answer, "access-control-allow-methods");
        for method in ["get", "post", "delete"] {
            assert!(methods.contains(method), "{methods:?}");
        }
        let headers = words(&answer, "access-control-allow-headers");
        for header in [
            "authorization",
            "content-type",
            "idempotency-key",
            "traceparent",
            "tracestate",
            "last-event-id",
        ] {
            assert!(headers.contains(header), "{headers:?}");
        }
    }
    for origin in ["https://evil.example", "http://app.example", "null"] {
        let answer = preflight(server.client(), origin).await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{origin}"
        );
    }
    // Any other OPTIONS is what it was.
    let plain = server
        .client()
        .request(Method::OPTIONS, "/healthz")
        .header("origin", ORIGIN);
    assert_eq!(
        server.client().send(plain).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    server
}

async fn answers_may_be_read_by_allowed_pages_only(server: Server) -> Server {
    let alice = server.client().with_token(&token("alice").signed());
    let id = uuid::Uuid::now_v7();
    for (client, path, status) in [
        (&alice, "/healthz".to_owned(), StatusCode::OK),
        (
            &alice,
            format!("/api/v1/claude/executions/{id}"),
            StatusCode::NOT_FOUND,
        ),
        (
            server.client(),
            format!("/api/v1/claude/executions/{id}"),
            StatusCode::UNAUTHORIZED,
        ),
        (&alice, "/nosuch".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let get = |origin| client.request(Method::GET, &path).header("origin", origin);
        let answer = client.send(get(ORIGIN)).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(
            answer.headers["access-control-allow-origin"], ORIGIN,
            "{path}"
        );
        let exposed = words(&answer, "access-control-expose-headers");
        for header in [
            "x-trace-id",
            "location",
            "retry-after",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "idempotency-replayed",
        ] {
            assert!(exposed.contains(header), "{exposed:?}");
        }
        assert!(words(&answer, "vary").contains("origin"), "{path}");
        let answer = client.send(get("https://evil.example")).await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    server
}

mod without_origins {
    use super::*;

    over_every_server! { setup() => an_options_is_no_method_of_any_path }

    async fn an_options_is_no_method_of_any_path(server: Server) -> Server {
        let alice = server.client().with_token(&token("alice").signed());
        let answer = preflight(&alice, ORIGIN).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        server
    }
}
