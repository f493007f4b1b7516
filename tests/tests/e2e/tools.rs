//! The tools that a run gets where its request names none, or an empty list of them.

use serde_json::{Value, json};
use tests::server::{Server, Setup};

over_every_server! { Setup::default().with("LONGSHORE_DEFAULT_TOOLS", "Read,Bash(git log, git diff:*)") =>
    no_tools_are_not_the_default_tools: ["execute.tools.none", "settings.lists"],
}

async fn no_tools_are_not_the_default_tools(server: Server) -> Server {
    for (tools, given) in [
        (
            Value::Null,
            Some("--allowedTools=Read,Bash(git log, git diff:*)"),
        ),
        (json!([]), None),
        (json!(["Edit"]), Some("--allowedTools=Edit")),
    ] {
        let body = json!({ "workspace_id": "demo", "prompt": "[[args]]", "tools": tools });
        let (execution, _) = server.client().execute(&body).await;
        let text = server.other().watch(&execution).await.text();
        match given {
            Some(given) => assert!(text.contains(given), "{tools}: {text}"),
            None => assert!(!text.contains("--allowedTools"), "{tools}: {text}"),
        }
    }
    server
}
