//! Runs that end by themselves, well or not.

use std::time::Duration;

use longshore_shared::execution::{EndKind, ErrorCode};

use super::world::{RESULT, World};
use crate::outcome::{Exit, StartFailure, Stopped, decide};

#[tokio::test]
async fn a_normal_run_gets_its_prompt_and_its_environment() {
    let mut world = World::new(&format!(
        r#"printf '%s\n' "$@" > args; env > env; read -r line; printf '%s\n' "$line" > prompt
           echo '{{"type":"system","subtype":"init"}}'; {RESULT}; cat > rest"#
    ));
    world.job.request.max_turns = Some(3);
    world.job.request.tools = Some(vec![
        "Bash(git log, git diff:*)".to_owned(),
        "Read".to_owned(),
    ]);
    world.job.request.append_system_prompt = Some("be brief".to_owned());
    let (report, lines) = world.collect().await;
    assert_eq!(
        (report.exit, report.stopped, lines.len()),
        (Exit::Code(0), None, 2)
    );
    assert!(!report.turn_open && report.result.unwrap().is_complete());

    let read = |name: &str| std::fs::read_to_string(world.workspace().join(name)).unwrap();
    let prompt: serde_json::Value = serde_json::from_str(&read("prompt")).unwrap();
    assert_eq!(prompt["message"]["content"][0]["text"], "Say hello.");
    assert_eq!(prompt["uuid"], world.job.execution_id.to_string());
    let arguments = read("args");
    for wanted in [
        "--max-turns=3",
        "--allowedTools=Bash(git log, git diff:*),Read",
        "--setting-sources=user",
    ] {
        assert!(arguments.lines().any(|line| line == wanted), "{wanted}");
    }
    assert!(arguments.ends_with(&format!("--session-id={}\n", world.job.session_id)));
    let environment = read("env");
    assert!(environment.contains(&format!(
        "LONGSHORE_EXECUTION_ID={}",
        world.job.execution_id
    )));
    assert!(environment.contains("CLAUDE_CODE_EAGER_FLUSH=1\n"));
    assert!(!environment.contains("CARGO_"), "nothing else is inherited");
}

#[tokio::test]
async fn an_exit_without_a_result_is_told_with_its_code_and_stderr() {
    let world = World::new("echo oh >&2; exit 3");
    let error = world.ending().await.error.unwrap();
    assert_eq!(error.code, ErrorCode::CliExited);
    let wanted = serde_json::json!({"exit_code": 3, "signal": null, "stderr": "oh\n"});
    assert_eq!(error.details, Some(wanted));
    let (report, _) = World::new("kill -KILL $$").collect().await;
    assert_eq!(report.exit, Exit::Signal(9));
}

#[tokio::test]
async fn what_could_not_be_started_is_told_apart() {
    let mut world = World::new("");
    world.settings.claude_bin = "no-such-cli".into();
    let report = world.collect().await.0;
    assert_eq!(
        report.start_failure,
        Some(StartFailure::NotFound("no-such-cli".to_owned()))
    );
    assert_eq!(decide(&report).error.unwrap().code, ErrorCode::CliNotFound);

    let mut world = World::new("");
    let broken = world.workspace().join("broken");
    std::fs::copy("/bin/sh", &broken).unwrap();
    std::fs::write(&broken, "#!/no-such-interpreter\n").unwrap();
    world.settings.claude_bin = broken;
    assert_eq!(world.code().await, Some(ErrorCode::CliStartFailed));
}

#[tokio::test]
async fn a_large_prompt_and_a_flood_of_output_do_not_block_each_other() {
    let flood = "head -c 3000000 /dev/zero | tr '\\0' x";
    let mut world = World::new(&format!(
        r#"{flood} >&2; printf '{{"text":"'; {flood}; echo '"}}'; read -r line; printf %s "$line" | wc -c > size; {RESULT}"#
    ));
    world.job.request.prompt = "\"".repeat(1 << 20);
    let (report, lines) = world.collect().await;
    assert_eq!(lines[0].len(), 3_000_000 + 11);
    assert_eq!(report.stderr, "x".repeat(4096));
    let size = std::fs::read_to_string(world.workspace().join("size")).unwrap();
    assert!(size.trim().parse::<usize>().unwrap() > 2 << 20);
    assert!(report.result.is_some());
}

#[tokio::test]
async fn lines_that_cannot_be_passed_on_end_the_run() {
    for line in [
        "echo garbage",
        "echo '[1]'",
        r#"printf '{"a":"\377"}\n'"#,
        "head -c 17000000 /dev/zero | tr '\\0' x",
    ] {
        let world = World::new(&format!("{line}; sleep 600"));
        assert_eq!(
            world.code().await,
            Some(ErrorCode::CliOutputInvalid),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_line_cut_by_death_is_no_invalid_line() {
    let world = World::new(r#"printf '{"type":"assis'; kill -KILL $$"#);
    assert_eq!(world.code().await, Some(ErrorCode::CliExited));
    let world = World::new(&format!("printf '%s' \"$({RESULT})\""));
    assert_eq!(
        world.code().await,
        None,
        "a whole last line without its end counts"
    );
}

#[tokio::test]
async fn a_daemon_that_keeps_the_pipe_is_killed() {
    let world = World::new(&format!("setsid sleep 600 & {RESULT}; exit 1"));
    let (report, _) = world.collect().await;
    assert_eq!((report.exit, report.stopped), (Exit::Code(1), None));
    assert!(report.result.unwrap().is_success());
}

#[tokio::test]
async fn a_daemon_that_lost_its_mark_does_not_hold_the_run() {
    let world = World::new(&format!("env -i setsid sleep 30 & {RESULT}"));
    let started = std::time::Instant::now();
    assert_eq!(world.ending().await.kind, EndKind::Completed);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_cli_that_does_not_go_after_its_result_is_killed_and_has_succeeded() {
    let mut world = World::new(&format!("trap '' TERM; {RESULT}; sleep 600; sleep 600"));
    world.limits.linger = Duration::from_millis(200);
    let (report, _) = world.collect().await;
    assert_eq!(
        (report.exit, report.stopped),
        (Exit::Signal(9), Some(Stopped::Lingered))
    );
    assert_eq!(decide(&report).kind, EndKind::Completed);
}

#[tokio::test]
async fn a_cli_that_closes_its_output_and_stays_is_killed() {
    let mut world = World::new("exec >&-; sleep 600");
    world.limits.linger = Duration::from_millis(200);
    assert_eq!(world.code().await, Some(ErrorCode::CliExited));
}

#[tokio::test]
async fn a_turn_after_a_result_is_waited_for() {
    let mut world = World::new(&format!(
        r#"{RESULT}; cat > rest; echo '{{"type":"system","subtype":"init"}}'; sleep 4; {RESULT}"#
    ));
    world.limits.linger = Duration::from_secs(2);
    let (report, lines) = world.collect().await;
    assert_eq!(
        (lines.len(), report.exit, report.stopped),
        (3, Exit::Code(0), None)
    );
}
