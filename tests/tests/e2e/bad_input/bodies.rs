//! How a body is sent: its content type, its length, its size.

use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use tests::server::{Server, Setup};

use super::{EXECUTE, KIB, send, with};

over_every_server! { Setup::default() =>
    the_content_type_must_be_json: ["execute.content-type"],
    a_body_may_be_of_unknown_length: ["execute.body.chunked"],
    a_body_may_be_so_large: ["execute.body.size"],
    a_refusal_reaches_a_client_that_still_sends: ["errors.shape"],
}

async fn the_content_type_must_be_json(server: Server) -> Server {
    let client = server.client();
    let body = with("model", Value::Null).to_string();
    let request = || client.request(Method::POST, EXECUTE).body(body.clone());
    let wrong = [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "json",
        "multipart/form-data",
    ];
    let mut refused = vec![client.send(request()).await];
    for kind in wrong {
        refused.push(
            client
                .send(request().header(header::CONTENT_TYPE, kind))
                .await,
        );
    }
    for answer in refused {
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
        );
        assert!(
            answer.body["message"]
                .as_str()
                .unwrap()
                .contains("application/json")
        );
    }
    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.demo+json",
        "Application/VND.Demo+JSON",
    ] {
        let answer = client
            .send(request().header(header::CONTENT_TYPE, kind))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::ACCEPTED,
            "{kind}: {}",
            answer.body
        );
        client
            .watch(answer.body["execution_id"].as_str().unwrap())
            .await;
    }
    server
}

async fn a_body_may_be_of_unknown_length(server: Server) -> Server {
    let text = with("model", Value::Null).to_string();
    let pieces: Vec<_> = text
        .bytes()
        .map(|byte| Ok::<_, std::io::Error>(vec![byte]))
        .collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let answer = send(server.client(), body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    server
        .client()
        .watch(answer.body["execution_id"].as_str().unwrap())
        .await;
    server
}

async fn a_body_may_be_so_large(server: Server) -> Server {
    // Everything at its limit, and every byte of it written in the longest way that JSON has.
    let text = |bytes: usize| "\\u0078".repeat(bytes);
    let largest = format!(
        r#"{{"workspace_id":"demo","prompt":"{}","system_prompt":"{}","append_system_prompt":"{}"}}"#,
        text(KIB * KIB),
        text(256 * KIB),
        text(256 * KIB)
    );
    let answer = send(server.client(), largest).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    server
        .client()
        .watch(answer.body["execution_id"].as_str().unwrap())
        .await;
    for mib in [11, 64] {
        let pieces = (0..mib).map(|_| Ok::<_, std::io::Error>(vec![b' '; KIB * KIB]));
        let unknown_length = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        for body in [vec![b' '; mib * KIB * KIB].into(), unknown_length] {
            let answer = send(server.client(), body).await;
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")
            );
        }
    }
    server
}

/// Whatever it is that is refused before the body was looked at.
async fn a_refusal_reaches_a_client_that_still_sends(server: Server) -> Server {
    let client = server.client();
    let json = || {
        client
            .request(Method::POST, EXECUTE)
            .header(header::CONTENT_TYPE, "application/json")
    };
    for (request, code) in [
        (json().header("idempotency-key", ""), "INVALID_REQUEST"),
        (json().header(header::HOST, "evil.example"), "FORBIDDEN"),
        (
            client.request(Method::POST, EXECUTE),
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (client.request(Method::PUT, EXECUTE), "METHOD_NOT_ALLOWED"),
        (client.request(Method::POST, "/nosuch"), "NOT_FOUND"),
        (
            client.request(Method::POST, "/api/v1/claude/executions/x/cancel"),
            "EXECUTION_NOT_FOUND",
        ),
    ] {
        let pieces = (0..36).map(|_| Ok::<_, std::io::Error>(vec![b' '; 256 * KIB]));
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let answer = client.send(request.body(body)).await;
        assert_eq!(answer.code(), code, "{}", answer.body);
    }
    server
}
