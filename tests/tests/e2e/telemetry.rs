//! What operators see: metrics, traces, and logs that keep secrets.

use reqwest::{Method, StatusCode};
use tests::client::Client;
use tests::process::Process;
use tests::server::{Server, Setup};

mod collector;
mod ids;
mod metrics;
mod scrape;
mod secrets;
mod traces;
mod worker_loss;

/// Servers whose operators may ask.
fn setup() -> Setup {
    Setup::default()
        .with("LONGSHORE_ADMIN_BIND", "127.0.0.1:0")
        .with("LONGSHORE_SLOTS", "3")
}

/// All programs of a server.
fn programs(server: &Server) -> impl Iterator<Item = &Process> {
    server.apis.iter().chain(&server.workers)
}

/// Whether nothing but one program does everything.
fn is_one(server: &Server) -> bool {
    server.workers.is_empty()
}

/// A client of a program's admin listener.
async fn admin(program: &Process) -> Client {
    let address = program.word_after(r#""admin listening","address":""#).await;
    Client::new(&format!("http://{address}"))
}

over_every_server! { setup() =>
    operators_are_told_what_is_wrong: ["health.admin", "errors.shape"],
    operators_ask_elsewhere: ["health.admin", "metrics.text"],
}

/// As clients are, by the API.
async fn operators_are_told_what_is_wrong(server: Server) -> Server {
    for api in &server.apis {
        let admin = admin(api).await;
        for (method, path, code) in [
            (Method::GET, "/nosuch", "NOT_FOUND"),
            (Method::POST, "/metrics", "METHOD_NOT_ALLOWED"),
            (Method::DELETE, "/healthz", "METHOD_NOT_ALLOWED"),
        ] {
            let answer = admin.send(admin.request(method, path)).await;
            assert_eq!(answer.code(), code, "{path}");
            assert_eq!(
                answer.headers["x-trace-id"],
                answer.body["trace_id"].as_str().unwrap()
            );
            assert_eq!(
                answer.headers.contains_key("allow"),
                code == "METHOD_NOT_ALLOWED"
            );
        }
    }
    server
}

async fn operators_ask_elsewhere(server: Server) -> Server {
    for program in programs(&server) {
        let admin = admin(program).await;
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_eq!(admin.get(path).await.status, StatusCode::OK, "{path}");
        }
        let metrics = admin.get("/metrics").await;
        let kind = &metrics.headers["content-type"];
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        for path in ["/nosuch", "/api/v1/claude/executions"] {
            assert_eq!(admin.get(path).await.status, StatusCode::NOT_FOUND);
        }
    }
    for client in &server.clients {
        let answer = client.get("/metrics").await;
        assert_eq!(answer.code(), "NOT_FOUND", "clients do not see it");
    }
    server
}

mod without {
    use super::*;

    over_every_server! { Setup::default() =>
        nobody_is_asked_where_no_address_is_given,
    }

    async fn nobody_is_asked_where_no_address_is_given(server: Server) -> Server {
        server.client().run("[[text fine]]").await;
        for program in programs(&server) {
            assert!(!program.output().contains("admin listening"));
        }
        server
    }
}
