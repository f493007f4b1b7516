//! The table of outcomes, row by row, and over recorded output of the real CLI.

use std::path::Path;

use super::*;
use crate::claude::Seen;
use crate::stream_json::peek;

const DONE: &str = r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"ok","total_cost_usd":0.5}"#;
const ABORTED: &str = r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"aborted_streaming","total_cost_usd":0.5}"#;

fn with(line: &str) -> Report {
    Report {
        result: ResultLine::read(line),
        exit: Exit::Code(0),
        ..Report::default()
    }
}

fn code(report: &Report) -> Option<ErrorCode> {
    decide(report).error.map(|error| error.code)
}

fn details(report: &Report) -> Value {
    decide(report).error.unwrap().details.unwrap()
}

#[test]
fn a_success_counts_however_the_process_ended() {
    for exit in [Exit::Code(0), Exit::Code(1), Exit::Signal(9), Exit::Unknown] {
        for stopped in [None, Some(Stopped::Lingered)] {
            let ending = decide(&Report {
                exit,
                stopped,
                ..with(DONE)
            });
            assert_eq!(ending.kind, EndKind::Completed);
            assert!(ending.error.is_none() && ending.result.is_some());
            assert!((ending.cost_usd - 0.5).abs() < 1e-9);
        }
    }
}

#[test]
fn what_we_ended_is_completed_only_when_it_had_finished() {
    let limit = Duration::from_secs(90);
    let table = [
        (
            Stopped::Cancelled(CancelReason::Requested),
            EndKind::Cancelled,
            ErrorCode::Cancelled,
        ),
        (
            Stopped::Cancelled(CancelReason::SessionClosed),
            EndKind::Cancelled,
            ErrorCode::SessionClosed,
        ),
        (
            Stopped::TimedOut(limit),
            EndKind::Failed,
            ErrorCode::TimedOut,
        ),
        (Stopped::Stalled(limit), EndKind::Failed, ErrorCode::Stalled),
        (Stopped::Drained, EndKind::Failed, ErrorCode::WorkerLost),
        (Stopped::LeaseLost, EndKind::Failed, ErrorCode::WorkerLost),
    ];
    for (stopped, kind, wanted) in table {
        let stopped = Some(stopped);
        assert_eq!(
            decide(&Report {
                stopped,
                ..with(DONE)
            })
            .kind,
            EndKind::Completed
        );
        let unfinished = [
            Report {
                stopped,
                ..with(ABORTED)
            },
            Report {
                stopped,
                turn_open: true,
                ..with(DONE)
            },
            Report {
                stopped,
                turn_open: true,
                ..Report::default()
            },
        ];
        for report in unfinished {
            let ending = decide(&report);
            assert_eq!((ending.kind, ending.error.unwrap().code), (kind, wanted));
            let kept = kind == EndKind::Failed && report.result.is_some();
            assert_eq!(ending.result.is_some(), kept, "{stopped:?}");
            assert!((ending.cost_usd - cost(&report)).abs() < 1e-9);
        }
    }
}

#[test]
fn results_that_are_errors_are_named() {
    let table = [
        (
            r#"{"subtype":"error_max_turns","is_error":true}"#,
            ErrorCode::MaxTurns,
        ),
        (
            r#"{"subtype":"error_max_budget_usd","is_error":true}"#,
            ErrorCode::BudgetReached,
        ),
        (
            r#"{"subtype":"success","is_error":true,"api_error_status":429}"#,
            ErrorCode::RateLimited,
        ),
        (
            r#"{"subtype":"success","is_error":true,"api_error_status":401}"#,
            ErrorCode::AuthenticationFailed,
        ),
        (
            r#"{"subtype":"success","is_error":true,"api_error_status":403}"#,
            ErrorCode::AuthenticationFailed,
        ),
        (
            r#"{"subtype":"success","is_error":true,"result":"Not logged in"}"#,
            ErrorCode::AuthenticationFailed,
        ),
        (
            r#"{"subtype":"success","is_error":true,"api_error_status":529}"#,
            ErrorCode::ApiError,
        ),
        (
            r#"{"subtype":"success","is_error":true}"#,
            ErrorCode::ApiError,
        ),
        (
            r#"{"subtype":"error_new","is_error":true,"api_error_status":500}"#,
            ErrorCode::ApiError,
        ),
        (
            r#"{"subtype":"error_new","is_error":true}"#,
            ErrorCode::CliExited,
        ),
        (
            r#"{"subtype":"error_during_execution","is_error":true,"errors":["No conversation found with session ID: x"]}"#,
            ErrorCode::SessionNotResumable,
        ),
        ("{}", ErrorCode::CliExited),
    ];
    for (line, wanted) in table {
        assert_eq!(code(&with(line)), Some(wanted), "{line}");
        assert!(decide(&with(line)).result.is_some(), "{line}");
    }
}

#[test]
fn details_say_what_a_program_needs() {
    let refused = r#"{"subtype":"success","is_error":true}"#;
    let limited = Report {
        assistant_error: Some("rate_limit".to_owned()),
        resets_at: Some(json!(1_790_000_000)),
        ..with(refused)
    };
    assert_eq!(
        details(&limited),
        json!({"api_error_status": null, "resets_at": 1_790_000_000})
    );
    assert_eq!(details(&with(refused)), json!({"api_error_status": null}));

    let exited = Report {
        exit: Exit::Code(3),
        stderr: "oh".to_owned(),
        ..Report::default()
    };
    assert_eq!(
        details(&exited),
        json!({"exit_code": 3, "signal": null, "stderr": "oh"})
    );
    let killed = Report {
        exit: Exit::Signal(9),
        ..Report::default()
    };
    assert_eq!(
        details(&killed),
        json!({"exit_code": null, "signal": 9, "stderr": ""})
    );

    let odd = with(r#"{"subtype":"error_new","is_error":true,"errors":["a","b"]}"#);
    assert_eq!(details(&odd)["errors"], json!(["a", "b"]));
    assert_eq!(details(&odd)["subtype"], "error_new");

    let invalid = Report {
        invalid_line: Some(InvalidLine::NotJson("x".to_owned())),
        ..with(DONE)
    };
    assert_eq!(code(&invalid), Some(ErrorCode::CliOutputInvalid));
    assert_eq!(details(&invalid), json!({"line": "x"}));
}

#[test]
fn what_never_started_is_told_apart() {
    let start = |failure| Report {
        start_failure: Some(failure),
        ..Report::default()
    };
    let missing = start(StartFailure::NotFound("claude".to_owned()));
    assert_eq!(code(&missing), Some(ErrorCode::CliNotFound));
    let broken = start(StartFailure::CouldNotStart("Exec format error".to_owned()));
    assert_eq!(code(&broken), Some(ErrorCode::CliStartFailed));
}

#[test]
fn recorded_runs_end_as_they_should() {
    let failures = [
        ("06-max-turns", ErrorCode::MaxTurns),
        ("13-max-budget", ErrorCode::BudgetReached),
        ("15-json-schema-never-valid", ErrorCode::CliExited),
        ("20-stop-refusal", ErrorCode::ApiError),
        ("34-permission-deny-interrupt", ErrorCode::CliExited),
        ("40-interrupt-while-streaming", ErrorCode::CliExited),
        ("41-interrupt-in-bash", ErrorCode::CliExited),
        ("42-interrupt-while-permission-open", ErrorCode::CliExited),
        ("55-duplicate-user-uuid-after-resume", ErrorCode::CliExited),
        ("63-resume-unknown", ErrorCode::SessionNotResumable),
        ("64-session-id-in-use", ErrorCode::CliExited),
        ("65-sigkill-while-streaming", ErrorCode::CliExited),
        ("70-sigterm-while-streaming", ErrorCode::CliExited),
        ("71-sigint-while-streaming", ErrorCode::CliExited),
        ("72-sigterm-in-bash", ErrorCode::CliExited),
        ("73-sigint-in-bash", ErrorCode::CliExited),
        (
            "80-api-401-unauthorized-2-retries",
            ErrorCode::AuthenticationFailed,
        ),
        ("80-api-429-rate-limited-2-retries", ErrorCode::RateLimited),
        ("80-api-500-server-error-2-retries", ErrorCode::ApiError),
        ("80-api-529-overloaded-2-retries", ErrorCode::ApiError),
        ("81-api-403-no-retry", ErrorCode::AuthenticationFailed),
        ("82-api-404-model-not-found", ErrorCode::ApiError),
        ("83-api-400-invalid", ErrorCode::ApiError),
        ("84-api-prompt-too-long", ErrorCode::ApiError),
        ("85-api-credit-too-low", ErrorCode::ApiError),
        ("87-api-429-retry-after-too-long", ErrorCode::RateLimited),
        ("88-api-connection-refused", ErrorCode::ApiError),
        ("90-api-stream-cut-after-a-block", ErrorCode::ApiError),
        ("91-api-no-key", ErrorCode::AuthenticationFailed),
        ("92-api-timeout", ErrorCode::ApiError),
        (
            "94-api-401-default-10-retries",
            ErrorCode::AuthenticationFailed,
        ),
        (
            "95-api-429-retry-after-2-default-10-retries",
            ErrorCode::RateLimited,
        ),
        ("96-api-500-default-10-retries", ErrorCode::ApiError),
        ("97-api-529-default-10-retries", ErrorCode::ApiError),
        ("98-api-refused-default-10-retries", ErrorCode::ApiError),
        ("99b-api-no-answer-300s-default", ErrorCode::ApiError),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/transcripts");
    let mut failed = Vec::new();
    let mut runs = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        runs += 1;
        failed.extend(
            code(&replay(&std::fs::read_to_string(path).unwrap())).map(|code| (name, code)),
        );
    }
    failed.sort_by(|a, b| a.0.cmp(&b.0));
    let failed: Vec<_> = failed
        .iter()
        .map(|(name, code)| (name.as_str(), *code))
        .collect();
    assert_eq!(failed, failures);
    assert_eq!(runs, 82, "every recorded run is judged");
}

fn replay(output: &str) -> Report {
    let mut seen = Seen::default();
    for line in output.lines() {
        seen.note(line, &peek(line).unwrap());
    }
    seen.into_report()
}
