//! WebSockets that are refused before there is one.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::client::http;
use tests::process::PATIENCE;
use tests::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{check, ended, setup};

over_every_server! { setup() =>
    an_upgrade_is_refused_before_it_happens: ["ws.refused-before", "ws.426", "ws.after.invalid", "errors.shape"],
    a_foreign_page_may_not_connect: ["ws.origin"],
    a_request_for_another_host_is_refused: ["errors.host"],
    a_host_is_named_once_and_nowhere_else: ["errors.host"],
    a_foreign_page_may_not_change_anything: ["errors.host"],
}

async fn an_upgrade_is_refused_before_it_happens(server: Server) -> Server {
    let client = server.other();
    let execution = ended(client).await;
    let path = format!("/ws/executions/{execution}");
    for after in [
        "",
        "x",
        "1",
        "1-",
        "-1-1",
        "1-1-1",
        "1-99999999999999999999",
    ] {
        let refusal = client
            .connect(&format!("{path}?after={after}"), &[])
            .await
            .unwrap_err();
        check(&refusal, StatusCode::BAD_REQUEST, "INVALID_CURSOR", after);
    }
    for query in ["from=1-1", "after=1-1&after=1-2", "after=1-1&limit=3"] {
        let refusal = client
            .connect(&format!("{path}?{query}"), &[])
            .await
            .unwrap_err();
        check(&refusal, StatusCode::BAD_REQUEST, "INVALID_REQUEST", query);
    }
    let plain = client.get(&path).await;
    check(
        &plain,
        StatusCode::UPGRADE_REQUIRED,
        "UPGRADE_REQUIRED",
        "a plain GET",
    );
    // RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
    assert_eq!(plain.headers["upgrade"], "websocket");
    assert_eq!(plain.headers["sec-websocket-version"], "13");
    for (name, value) in [
        ("sec-websocket-version", "12"),
        ("upgrade", "h2c"),
        ("connection", "close"),
    ] {
        let request = client
            .request(Method::GET, &path)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let mut request = request.build().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let response = http().build().unwrap().execute(request).await.unwrap();
        assert_eq!(
            response.status(),
            StatusCode::UPGRADE_REQUIRED,
            "{name}: {value}"
        );
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], "UPGRADE_REQUIRED", "{name}: {value}");
    }
    server
}

async fn a_foreign_page_may_not_connect(server: Server) -> Server {
    let client = server.client();
    let path = format!("/ws/executions/{}", ended(client).await);
    let own = client.url();
    for origin in [own, "https://app.example", "https://other.example:8443"] {
        let socket = client.connect(&path, &[("origin", origin)]).await;
        assert!(socket.is_ok(), "{origin}: {socket:?}");
    }
    let host = own.trim_start_matches("http://");
    for origin in [
        "null",
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://other.example",
        "http://127.0.0.1:1",
        &format!("http://{host}.evil.example"),
        &format!("http://evil.example/{host}"),
        &format!("http://{host}@evil.example"),
    ] {
        let refusal = client
            .connect(&path, &[("origin", origin)])
            .await
            .unwrap_err();
        check(&refusal, StatusCode::FORBIDDEN, "FORBIDDEN", origin);
    }
    server
}

/// As a page sends it whose own name was made to lead here: its browser takes us for that page's server.
async fn a_request_for_another_host_is_refused(server: Server) -> Server {
    for path in ["/api/v1/claude/execute", "/ws/executions/x", "/healthz"] {
        let request = server.client().request(Method::GET, path);
        let answer = server
            .client()
            .send(request.header("host", "evil.example"))
            .await;
        check(&answer, StatusCode::FORBIDDEN, "FORBIDDEN", path);
    }
    server
}

/// What is sent as it is, so that it can name two hosts.
async fn a_host_is_named_once_and_nowhere_else(server: Server) -> Server {
    let address = server.client().url().trim_start_matches("http://");
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n", "200"),
        (
            "GET http://localhost/healthz HTTP/1.1\r\nhost: localhost\r\n",
            "200",
        ),
        ("GET /healthz HTTP/1.1\r\n", "400"),
        (
            "GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n",
            "400",
        ),
        (
            "GET http://evil.example/healthz HTTP/1.1\r\nhost: localhost\r\n",
            "403",
        ),
    ] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!("{head}connection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, connection.read_to_string(&mut answer))
            .await
            .unwrap()
            .unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{head}{answer}"
        );
    }
    server
}

/// A browser sends such a request without asking first.
async fn a_foreign_page_may_not_change_anything(server: Server) -> Server {
    let client = server.client();
    let (execution, session) = client.submit("[[text started]][[hang]]").await;
    let cancel = format!("/api/v1/claude/executions/{execution}/cancel");
    let own = client.url();
    for origin in ["null", "https://evil.example", "http://127.0.0.1:1"] {
        for (method, path) in [
            (Method::POST, cancel.clone()),
            (Method::DELETE, format!("/api/v1/claude/sessions/{session}")),
        ] {
            let request = client.request(method, &path).header("origin", origin);
            let answer = client.send(request).await;
            check(&answer, StatusCode::FORBIDDEN, "FORBIDDEN", origin);
        }
    }
    assert_eq!(client.execution(&execution).await["error"], Value::Null);
    for (origin, status) in [
        (own, StatusCode::ACCEPTED),
        ("https://app.example", StatusCode::OK),
    ] {
        let request = client
            .request(Method::POST, &cancel)
            .header("origin", origin);
        let answer = client.send(request).await;
        assert_eq!(answer.status, status, "{origin}: {}", answer.body);
        client.watch(&execution).await;
    }
    server
}
