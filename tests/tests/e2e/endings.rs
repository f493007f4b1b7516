//! How executions end, by what the CLI does.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use serde_json::{Value, json};
use tests::server::{Server, Setup};
use tests::services::engines;

over_every_server! { Setup::default().with("LONGSHORE_STALL_TIMEOUT", "2s") =>
    the_result_line_decides: [
        "run.result", "run.error.max-turns", "run.error.budget-reached", "run.error.rate-limited",
        "run.error.authentication-failed", "run.error.api-error",
    ],
    what_went_wrong_is_said: ["run.error.cli-exited", "run.error.cli-output-invalid", "executions.show.error"],
    a_run_has_a_time_limit: ["run.error.timed-out", "execute.timeout_seconds"],
    silence_without_a_tool_is_a_stall: ["run.error.stalled"],
    nothing_is_left_behind: ["run.nothing-left"],
    a_large_output_is_complete: ["run.large"],
}

async fn the_result_line_decides(server: Server) -> Server {
    for (prompt, status, code) in [
        ("[[text fine]]", "completed", ""),
        ("[[background]][[text two results]]", "completed", ""),
        ("[[text fine]][[linger]]", "completed", ""),
        ("[[error subtype=error_max_turns]]", "failed", "MAX_TURNS"),
        (
            "[[error subtype=error_max_budget_usd]]",
            "failed",
            "BUDGET_REACHED",
        ),
        ("[[api status=429]]", "failed", "RATE_LIMITED"),
        ("[[api status=401]]", "failed", "AUTHENTICATION_FAILED"),
        ("[[api status=529]]", "failed", "API_ERROR"),
    ] {
        let watched = server.client().run(prompt).await;
        assert_eq!(
            (watched.status(), watched.code()),
            (status, code),
            "{prompt}: {:#}",
            watched.end()
        );
        assert!(watched.end()["result"].is_object(), "{prompt}");
    }
    server
}

async fn what_went_wrong_is_said(server: Server) -> Server {
    for (prompt, code, details) in [
        (
            "[[exit code=3 stderr=oh_no]]",
            "CLI_EXITED",
            json!({ "exit_code": 3, "signal": null, "stderr": "oh no\n" }),
        ),
        ("[[noresult exit]]", "CLI_EXITED", json!({ "exit_code": 0 })),
        ("[[crash]]", "CLI_EXITED", json!({ "signal": 9 })),
        ("[[garbage]]", "CLI_OUTPUT_INVALID", json!({})),
        ("[[utf8]]", "CLI_OUTPUT_INVALID", json!({})),
        ("[[longline mib=17]]", "CLI_OUTPUT_INVALID", json!({})),
    ] {
        let watched = server.client().run(prompt).await;
        assert_eq!(
            (watched.status(), watched.code()),
            ("failed", code),
            "{prompt}: {:#}",
            watched.end()
        );
        let error = &watched.end()["error"];
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.len() > 10),
            "{error}"
        );
        if code == "CLI_OUTPUT_INVALID" {
            let line = error["details"]["line"].as_str().unwrap();
            assert!(!line.is_empty() && line.len() <= 1000, "{prompt}: {error}");
        }
        for (name, value) in details.as_object().unwrap() {
            assert_eq!(
                &error["details"][name], value,
                "{prompt}: {name} in {error}"
            );
        }
        let record = server
            .other()
            .execution(watched.frames[0]["execution_id"].as_str().unwrap())
            .await;
        assert_eq!(record["error"], *error);
        assert_eq!(record["result"], Value::Null);
    }
    server
}

async fn a_run_has_a_time_limit(server: Server) -> Server {
    let body = json!({
        "workspace_id": "demo", "prompt": "[[tool Bash {\"command\":\"sleep 300\"}]]", "timeout_seconds": 1,
    });
    let started = Instant::now();
    let (execution, _) = server.client().execute(&body).await;
    let watched = server.client().watch(&execution).await;
    assert_eq!((watched.status(), watched.code()), ("failed", "TIMED_OUT"));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    server
}

async fn silence_without_a_tool_is_a_stall(server: Server) -> Server {
    let stalled = server.client().run("[[hang]]").await;
    assert_eq!((stalled.status(), stalled.code()), ("failed", "STALLED"));
    let busy = server
        .client()
        .run("[[tool Bash {\"command\":\"sleep 3\"}]][[text done]]")
        .await;
    assert_eq!(busy.status(), "completed", "an open tool may be silent");
    server
}

/// That nothing carries the execution's mark any more is checked at the end of every test.
async fn nothing_is_left_behind(server: Server) -> Server {
    let watched = server
        .client()
        .run("[[daemon]][[text I left something]]")
        .await;
    assert_eq!(watched.status(), "completed");
    let watched = server.client().run("[[daemon]][[crash]]").await;
    assert_eq!(watched.code(), "CLI_EXITED");
    let watched = server.client().run("[[stderr kib=500]][[text loud]]").await;
    assert_eq!(watched.status(), "completed");
    server
}

async fn a_large_output_is_complete(server: Server) -> Server {
    let watched = server.client().run("[[lines n=3000 bytes=2000]]").await;
    assert_eq!(watched.status(), "completed");
    assert_eq!(watched.of("claude_message").count(), 3002);
    let watched = server
        .client()
        .run("[[longline mib=4]][[text after]]")
        .await;
    assert_eq!(watched.status(), "completed");
    server
}

/// Also what an operator gets wrong is an end that says so; the worker lives.
#[tokio::test]
async fn a_missing_cli_ends_executions_and_not_the_worker() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        claude: "/nonexistent/claude".into(),
        ..Setup::default()
    };
    Server::cluster(setup, |server| async move {
        for _ in 0..2 {
            let watched = server.client().run("anything").await;
            assert_eq!(
                (watched.status(), watched.code()),
                ("failed", "CLI_NOT_FOUND")
            );
        }
        tests::proved!(Cluster, a_missing_cli_ends_executions_and_not_the_worker: "run.error.cli-not-found");
        server
    })
    .await;
}

/// A program that is there, and whose interpreter is not.
#[tokio::test]
async fn a_cli_that_cannot_be_started_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let claude = folder.path().join("claude");
    std::fs::write(&claude, "#!/nonexistent/interpreter\n").unwrap();
    std::fs::set_permissions(&claude, Permissions::from_mode(0o755)).unwrap();
    let setup = Setup {
        claude,
        ..Setup::default()
    };
    Server::embedded(setup, |server| async move {
        let watched = server.client().run("anything").await;
        assert_eq!(
            (watched.status(), watched.code()),
            ("failed", "CLI_START_FAILED")
        );
        tests::proved!(Memory, a_cli_that_cannot_be_started_is_said: "run.error.cli-start-failed");
        server
    })
    .await;
}

/// A file in the place of the workspace's folder.
#[tokio::test]
async fn a_workspace_that_is_no_folder_is_said() {
    Server::embedded(Setup::default(), |server| async move {
        let place = server.workspace("demo");
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, "in the way").unwrap();
        let watched = server.client().run("anything").await;
        assert_eq!(
            (watched.status(), watched.code()),
            ("failed", "WORKSPACE_UNAVAILABLE")
        );
        tests::proved!(Memory, a_workspace_that_is_no_folder_is_said: "run.error.workspace-unavailable");
        server
    })
    .await;
}
