//! A server that allows only some tools.

use serde_json::json;
use tests::server::{Server, Setup};

use super::{refused, with};

over_every_server! {
    Setup::default().with("LONGSHORE_ALLOWED_TOOLS", "Read, Bash(git log, git diff:*)") =>
    only_tools_that_the_server_allows: ["execute.tools.allowed", "settings.lists"],
}

async fn only_tools_that_the_server_allows(server: Server) -> Server {
    for tool in ["Edit", "Bash", "Bash(git log", "read"] {
        refused(
            &server,
            "tools",
            json!(["Read", tool]),
            "not among the tools this server allows",
        )
        .await;
    }
    let allowed = with("tools", json!(["Bash(git log, git diff:*)", "Read"]));
    let (execution, _) = server.client().execute(&allowed).await;
    assert_eq!(
        server.client().watch(&execution).await.status(),
        "completed"
    );
    server
}
