//! WebSockets that are refused before there is one.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::server::Server;

use super::{check, ended, setup};

over_every_server! { setup() =>
    an_upgrade_is_refused_before_it_happens: ["ws.refused-before", "ws.426", "ws.after.invalid", "errors.shape"],
    a_foreign_page_may_not_connect: ["ws.origin"],
    a_request_for_another_host_is_refused: ["errors.host"],
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
        let response = reqwest::Client::new().execute(request).await.unwrap();
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
