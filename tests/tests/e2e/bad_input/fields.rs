//! The fields of a request: which there are, which there must be, and of which type.

use serde_json::{Value, json};
use tests::server::{Server, Setup};

use super::{EXECUTE, names_the_field, refused};

over_every_server! { Setup::default() =>
    every_field_has_a_type: ["execute.types", "errors.field"],
    required_fields_are_required: ["execute.workspace_id.required", "execute.prompt.required"],
    unknown_fields_are_named: ["execute.unknown-field"],
    what_is_empty_or_null_is_absent: ["execute.empty", "format.json.null"],
}

async fn every_field_has_a_type(server: Server) -> Server {
    let (text, number) = (json!("x"), json!(7));
    let (list, object, yes) = (json!(["x"]), json!({ "x": 1 }), json!(true));
    for (field, right, wrong) in [
        ("workspace_id", "must be a string", [&number, &list, &yes]),
        ("prompt", "must be a string", [&number, &list, &object]),
        ("session_id", "must be a string", [&number, &list, &yes]),
        ("system_prompt", "must be a string", [&number, &list, &yes]),
        (
            "append_system_prompt",
            "must be a string",
            [&number, &list, &yes],
        ),
        (
            "max_turns",
            "from 1 to 1000",
            [&text, &json!(1.5), &json!("7")],
        ),
        (
            "tools",
            "array of strings",
            [&text, &json!([1]), &json!([null])],
        ),
        ("model", "must be a string", [&number, &list, &object]),
        ("stream", "true or false", [&text, &number, &json!("true")]),
        (
            "timeout_seconds",
            "from 1 to 86400",
            [&text, &json!(0.5), &yes],
        ),
        (
            "max_budget_usd",
            "a number above 0",
            [&text, &list, &json!("1")],
        ),
        (
            "on_worker_loss",
            r#""auto", "retry" or "fail""#,
            [&number, &yes, &json!({ "auto": null })],
        ),
        ("metadata", "must be an object", [&text, &number, &list]),
    ] {
        for value in wrong {
            refused(&server, field, value.clone(), right).await;
        }
    }
    server
}

async fn required_fields_are_required(server: Server) -> Server {
    for (field, body) in [
        ("workspace_id", json!({ "prompt": "x" })),
        (
            "workspace_id",
            json!({ "prompt": "x", "workspace_id": null }),
        ),
        ("prompt", json!({ "workspace_id": "demo" })),
        ("prompt", json!({ "workspace_id": "demo", "prompt": null })),
    ] {
        let answer = server.client().post(EXECUTE, &body).await;
        names_the_field(&answer, field, "is required", &body.to_string());
    }
    server
}

async fn unknown_fields_are_named(server: Server) -> Server {
    for field in ["max_turn", "Prompt", "permission_mode", "", "a\u{1b}[31m"] {
        refused(&server, field, json!(1), "no such field").await;
    }
    // Also when its value says nothing.
    refused(&server, "sesion_id", Value::Null, "no such field").await;
    server
}

async fn what_is_empty_or_null_is_absent(server: Server) -> Server {
    let (execution, _) = server
        .client()
        .execute(&json!({
            "workspace_id": "demo", "prompt": "[[args]]", "session_id": null, "system_prompt": "",
            "append_system_prompt": "", "max_turns": null, "tools": [], "model": "", "stream": null,
            "timeout_seconds": null, "max_budget_usd": null, "on_worker_loss": null, "metadata": null,
        }))
        .await;
    let watched = server.client().watch(&execution).await;
    assert_eq!(watched.status(), "completed");
    let text = watched.text();
    for flag in [
        "--model",
        "--max-turns",
        "--system-prompt",
        "--append-system-prompt",
        "--max-budget-usd",
    ] {
        assert!(!text.contains(flag), "{flag} in {text}");
    }
    assert_eq!(
        server.client().execution(&execution).await["metadata"],
        Value::Null
    );
    server
}
