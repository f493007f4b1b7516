//! What a session's record adds up.

use serde_json::{Value, json};
use tests::server::{Server, Setup};

over_every_server! { Setup::default() =>
    a_session_adds_up_what_its_executions_took: ["sessions.show", "sessions.show.fields", "sessions.show.usage", "sessions.show.metadata", "sessions.show.counts"],
}

const SUMMED: [&str; 4] = [
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
];

async fn a_session_adds_up_what_its_executions_took(server: Server) -> Server {
    let client = server.client();
    let mut session = None;
    let mut executions = Vec::new();
    for (n, prompt) in [
        "[[text one]][[tool Bash {\"command\":\"true\"}]][[text two]]",
        "[[crash]]",
        "[[error subtype=error_max_turns]]",
        "[[text three]]",
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({
            "workspace_id": "demo", "prompt": prompt, "session_id": session, "metadata": { "n": n },
        });
        let (execution, of) = client.execute(&body).await;
        client.watch(&execution).await;
        executions.push(client.execution(&execution).await);
        session = Some(of);
    }
    let session = session.unwrap();
    let path = format!("/api/v1/claude/sessions/{session}");
    let record = server.other().get(&path).await.body;
    let sum = |field: &dyn Fn(&Value) -> f64| executions.iter().map(field).sum::<f64>();
    let cost = sum(&|execution| {
        execution["result"]["total_cost_usd"]
            .as_f64()
            .unwrap_or(0.0)
    });
    assert!(
        cost > 0.0 && (record["total_cost_usd"].as_f64().unwrap() - cost).abs() < 1e-9,
        "{record:#}"
    );
    let turns = sum(&|execution| execution["turns"].as_f64().unwrap());
    assert_eq!(record["turns"].as_f64().unwrap(), turns);
    for name in SUMMED {
        let tokens = sum(&|execution| execution["result"]["usage"][name].as_f64().unwrap_or(0.0));
        assert_eq!(record["usage"][name].as_f64().unwrap(), tokens, "{name}");
    }
    assert!(record["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let last = &executions[3];
    for (field, expected) in [
        ("session_id", &json!(session)),
        ("workspace_id", &json!("demo")),
        ("status", &json!("idle")),
        ("executions", &json!(4)),
        ("last_execution_id", &last["execution_id"]),
        ("active_execution_id", &json!(null)),
        ("created_at", &executions[0]["created_at"]),
        ("metadata", &json!({ "n": 0 })),
    ] {
        assert_eq!(&record[field], expected, "{field}");
    }
    assert!(
        record["updated_at"].as_str() >= last["ended_at"].as_str(),
        "{record:#}"
    );
    server
}
