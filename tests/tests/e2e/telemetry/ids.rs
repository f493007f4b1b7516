//! The ids that a line of the log has.

use reqwest::Method;
use serde_json::json;
use tests::process::eventually;
use tests::server::{Server, Setup};

use super::programs;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

over_every_server! { Setup::default().with("LONGSHORE_LOG", "debug") =>
    every_line_has_the_ids_that_are_known: ["trace.message"],
}

async fn every_line_has_the_ids_that_are_known(server: Server) -> Server {
    let client = server.client();
    let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let request = client.request(Method::POST, "/api/v1/claude/execute");
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
    let answer = client
        .send(request.header("traceparent", traceparent).json(&body))
        .await;
    let id = |name: &str| answer.body[name].as_str().unwrap().to_owned();
    let (execution, session) = (id("execution_id"), id("session_id"));
    server.other().watch(&execution).await;
    let lines = || -> Vec<String> {
        let outputs = programs(&server).map(tests::process::Process::output);
        let lines: Vec<_> = outputs
            .flat_map(|all| all.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        lines
            .into_iter()
            .filter(|line| line.contains(&execution) && line.starts_with('{'))
            .collect()
    };
    let ended = r#""message":"ended""#;
    eventually(ended, async || {
        lines().iter().any(|line| line.contains(ended))
    })
    .await;
    for line in lines() {
        assert!(line.contains(r#""trace_id":""#), "{line}");
        if line.contains(r#""target":"longshore_worker"#) {
            assert!(line.contains(TRACE) && line.contains(&session), "{line}");
        }
    }
    for said in ["accepted", "running", "ended"] {
        let said = format!(r#""message":"{said}""#);
        let of_trace = lines()
            .into_iter()
            .find(|line| line.contains(&said) && line.contains(TRACE));
        assert!(
            of_trace.is_some_and(|line| line.contains(&session)),
            "{said}"
        );
    }
    server
}
