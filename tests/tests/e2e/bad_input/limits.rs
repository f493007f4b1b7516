//! The limits of every field, from both sides.

use serde_json::json;
use tests::server::{Server, Setup};
use uuid::Uuid;

use super::{KIB, refused, with};

over_every_server! { Setup::default() =>
    every_field_has_a_range: [
        "execute.workspace_id.pattern", "execute.prompt.size", "execute.prompt.white-space", "execute.prompt.nul",
        "execute.session_id.format", "execute.system_prompt", "execute.append_system_prompt", "execute.max_turns",
        "execute.tools.limits", "execute.model", "execute.timeout_seconds", "execute.max_budget_usd",
        "execute.on_worker_loss", "execute.metadata.object", "errors.field",
    ],
    what_just_fits_is_accepted: [
        "execute.workspace_id.pattern", "execute.prompt.size", "execute.system_prompt",
        "execute.append_system_prompt", "execute.max_turns", "execute.tools.limits", "execute.model",
        "execute.timeout_seconds", "execute.max_budget_usd", "execute.on_worker_loss", "execute.metadata.object",
    ],
}

async fn every_field_has_a_range(server: Server) -> Server {
    let long = |length| json!("x".repeat(length));
    let mut cases = vec![
        ("prompt", long(KIB * KIB + 1), "1 MiB"),
        // The limit counts bytes, and this is half as many characters.
        ("prompt", json!("ä".repeat(KIB * KIB / 2 + 1)), "1 MiB"),
        ("prompt", json!(""), "more than white space"),
        (
            "prompt",
            json!(" \n\t\u{2003}\u{a0}"),
            "more than white space",
        ),
        ("prompt", json!("a\0b"), "NUL"),
        ("session_id", json!("one"), "a UUID like"),
        (
            "session_id",
            json!(Uuid::new_v4().simple().to_string()),
            "a UUID like",
        ),
        ("system_prompt", long(256 * KIB + 1), "262144 bytes"),
        ("system_prompt", json!("a\0"), "NUL"),
        ("append_system_prompt", long(256 * KIB + 1), "262144 bytes"),
        ("append_system_prompt", json!("\0"), "NUL"),
        ("tools", json!(vec!["Read"; 65]), "64 entries"),
        ("tools", json!(["x".repeat(257)]), "1 to 256 bytes"),
        ("tools", json!(["Read", ""]), "1 to 256 bytes"),
        ("tools", json!(["Read\0"]), "one line"),
        ("tools", json!(["Read\nEdit"]), "one line"),
        ("model", long(129), "128 bytes"),
        ("model", json!("a\0b"), "NUL"),
        (
            "on_worker_loss",
            json!("never"),
            r#""auto", "retry" or "fail""#,
        ),
        (
            "on_worker_loss",
            json!("AUTO"),
            r#""auto", "retry" or "fail""#,
        ),
        (
            "metadata",
            json!({ "x": "y".repeat(16 * KIB) }),
            "16384 bytes",
        ),
    ];
    for workspace in [
        "", ".", "..", "-a", "_a", "a/b", "../etc", "a b", "ä", "a\0", "a\n",
    ] {
        cases.push((
            "workspace_id",
            json!(workspace),
            "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        ));
    }
    cases.push((
        "workspace_id",
        long(65),
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    ));
    for turns in [
        json!(0),
        json!(1000.5),
        json!(1001),
        json!(-1),
        json!(1e30),
        json!(u64::MAX),
    ] {
        cases.push(("max_turns", turns, "from 1 to 1000"));
    }
    for seconds in [json!(0), json!(86_401), json!(-5), json!(u64::MAX)] {
        cases.push(("timeout_seconds", seconds, "from 1 to 86400"));
    }
    for dollars in [json!(0), json!(0.0), json!(-0.01)] {
        cases.push(("max_budget_usd", dollars, "a number above 0"));
    }
    for (field, value, right) in cases {
        refused(&server, field, value, right).await;
    }
    server
}

async fn what_just_fits_is_accepted(server: Server) -> Server {
    let mut prompt = "[[text fine]]".to_owned();
    prompt.push_str(&"x".repeat(KIB * KIB - prompt.len()));
    let metadata = json!({ "x": "y".repeat(16 * KIB - r#"{"x":""}"#.len()) });
    for (field, value) in [
        ("prompt", json!(prompt)),
        ("workspace_id", json!("x".repeat(64))),
        ("system_prompt", json!("x".repeat(256 * KIB))),
        ("append_system_prompt", json!("x".repeat(256 * KIB))),
        ("max_turns", json!(1)),
        ("max_turns", json!(1000)),
        ("max_turns", json!(8.0)),
        ("tools", json!(vec!["x".repeat(256); 64])),
        ("model", json!("x".repeat(128))),
        ("timeout_seconds", json!(86_400)),
        ("max_budget_usd", json!(0.01)),
        ("on_worker_loss", json!("fail")),
        ("metadata", metadata),
        ("metadata", json!({})),
    ] {
        let (execution, _) = server.client().execute(&with(field, value)).await;
        let watched = server.other().watch(&execution).await;
        assert_eq!(
            watched.status(),
            "completed",
            "{field}: {:#}",
            watched.end()
        );
    }
    server
}
