//! What a turn prints.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::driver::{Place, Run, lives, texts};

#[test]
fn a_plain_prompt_gets_an_answer_that_quotes_it_in_the_real_shape() {
    let place = Place::new();
    let mut run = place.start(&["--model=claude-x", "--permission-mode", "plan"]);
    assert!(
        run.silent_for(Duration::from_millis(50)),
        "nothing before the first prompt"
    );
    run.prompt("What is the weather?");
    let lines = run.until("result");
    assert_eq!(
        (&lines[0]["type"], &lines[0]["subtype"]),
        (&json!("system"), &json!("init"))
    );
    assert_eq!(
        (&lines[0]["model"], &lines[0]["permissionMode"]),
        (&json!("claude-x"), &json!("plan"))
    );
    assert!(texts(&lines)[1].contains("\"What is the weather?\""));
    let session = &lines[0]["session_id"];
    for line in &lines {
        assert!(
            &line["session_id"] == session && line["uuid"].is_string(),
            "{line}"
        );
    }
    check_result(lines.last().unwrap());
    assert_eq!(run.end().0.code(), Some(0));
}

fn check_result(result: &Value) {
    for field in [
        "subtype",
        "is_error",
        "api_error_status",
        "duration_ms",
        "duration_api_ms",
        "ttft_ms",
        "ttft_stream_ms",
        "time_to_request_ms",
        "num_turns",
        "result",
        "stop_reason",
        "session_id",
        "total_cost_usd",
        "usage",
        "modelUsage",
        "permission_denials",
        "terminal_reason",
        "fast_mode_state",
        "uuid",
    ] {
        assert!(result.get(field).is_some(), "{field}");
    }
    assert!(result["total_cost_usd"].as_f64() > Some(0.0));
    assert_eq!(
        (&result["subtype"], &result["is_error"]),
        (&json!("success"), &json!(false))
    );
}

#[test]
fn text_blocks_are_concatenated_and_hashed_as_a_whole() {
    let mut run = Place::new().start(&[]);
    let content = json!([{"type": "text", "text": "[[hash]] "}, {"type": "text", "text": "é"}]);
    run.send(&json!({"type": "user", "message": {"role": "user", "content": content}}));
    let expected = format!(
        "bytes=11 fnv={:016x}",
        fake_claude::fnv1a("[[hash]] é".as_bytes())
    );
    assert_eq!(texts(&run.until("result")), [expected]);
}

#[test]
fn lines_are_numbered_timed_and_paced() {
    let mut run = Place::new().start(&[]);
    let began = Instant::now();
    run.prompt("[[lines n=5 bytes=100 rate=50]]");
    let lines = run.until("result");
    assert!(
        began.elapsed() >= Duration::from_millis(80),
        "four gaps of 20 ms"
    );
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros();
    for (i, text) in texts(&lines).iter().enumerate() {
        assert!(
            text.starts_with(&format!("n={} t=", i + 1)) && text.len() == 100,
            "{text}"
        );
        let at: u128 = text.split(['=', ' ']).nth(3).unwrap().parse().unwrap();
        assert!(at <= now && now - at < 20_000_000);
    }
    assert_eq!(lines.last().unwrap()["num_turns"], 5);
    assert_eq!(run.turn("[[lines n=3 turns=0]]").1["num_turns"], 1);
}

#[test]
fn partials_are_streamed_only_when_asked_for() {
    let place = Place::new();
    let mut run = place.start(&["--include-partial-messages"]);
    run.prompt("[[partials n=3]]");
    let lines = run.until("result");
    let of = |kind: &str| {
        lines
            .iter()
            .filter(|line| line["event"]["type"] == kind)
            .count()
    };
    assert_eq!(
        (
            of("message_start"),
            of("content_block_delta"),
            of("message_stop")
        ),
        (1, 3, 1)
    );
    assert_eq!(texts(&lines).len(), 1);
    let mut run = place.start(&[]);
    run.prompt("[[partials n=3]]");
    assert!(
        run.until("result")
            .iter()
            .all(|line| line["type"] != "stream_event")
    );
}

#[test]
fn bash_runs_for_real_and_other_tools_are_made_up() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt(r#"[[tool Bash {"command":"echo hi > f; cat f; echo $CLAUDECODE"}]][[tool Read {"file_path":"f"}]][[text ok]]"#);
    let lines = run.until("result");
    let results: Vec<_> = lines.iter().filter(|line| line["type"] == "user").collect();
    assert_eq!(results[0]["message"]["content"][0]["content"], "hi\n1");
    assert_eq!(results[0]["tool_use_result"]["stdout"], "hi\n1");
    assert!(
        results[1]["message"]["content"][0]["content"]
            .as_str()
            .unwrap()
            .contains("Read")
    );
    assert_eq!(lines.last().unwrap()["result"], "ok");
    assert_eq!(
        std::fs::read_to_string(place.path().join("work/f")).unwrap(),
        "hi\n"
    );
}

#[test]
fn a_failing_command_is_an_error_result_and_a_child_left_behind_is_not_awaited() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt(
        r#"[[tool Bash {"command":"sleep 30 & echo $! > pid; echo out; echo err >&2; exit 3"}]]"#,
    );
    let lines = run.until("result");
    let block = &lines[2]["message"]["content"][0];
    assert_eq!(block["is_error"], true);
    assert_eq!(block["content"], "Exit code 3\nout\nerr");
    let pid = std::fs::read_to_string(place.path().join("work/pid")).unwrap();
    assert!(lives(pid.trim()));
    let pid = Pid::from_raw(pid.trim().parse().unwrap());
    kill(pid, Signal::SIGKILL).unwrap();
}

#[test]
fn reports_tell_what_the_process_was_given() {
    let place = Place::new();
    let mut command = place.command(&["--allowedTools=Bash,Read"]);
    command.env("COLOUR", "blue");
    let mut run = Run::spawn(command);
    let (texts, _) = run.turn("[[env COLOUR]][[env SHAPE]][[cwd]][[args]]");
    assert_eq!(texts[..2], ["blue", "(unset)"]);
    assert!(texts[2].ends_with("/work"));
    assert!(texts[3].contains("\"--allowedTools=Bash,Read\""));
}

#[test]
fn max_turns_limits_the_messages_of_one_prompt() {
    let mut run = Place::new().start(&["--max-turns=2"]);
    let (texts, result) = run.turn("[[text a]][[text b]][[text c]]");
    assert_eq!(texts, ["a", "b"]);
    assert_eq!(
        (&result["subtype"], &result["num_turns"]),
        (&json!("error_max_turns"), &json!(3))
    );
    assert_eq!(run.turn("[[text d]]").1["subtype"], "success");
}

#[test]
fn a_background_turn_follows_the_first_result() {
    let mut run = Place::new().start(&[]);
    run.prompt("[[background]][[text first]]");
    run.close_stdin();
    assert_eq!(run.until("result").last().unwrap()["result"], "first");
    let second = run.until("result");
    assert_eq!(second[0]["subtype"], "init");
    assert_eq!(
        second.last().unwrap()["origin"]["kind"],
        "task-notification"
    );
    assert_eq!(run.end().0.code(), Some(0));
}

#[test]
fn errors_are_told_as_the_real_cli_tells_them() {
    let mut run = Place::new().start(&[]);
    run.prompt("[[api status=429]]");
    let lines = run.until("result");
    assert_eq!(lines[1]["error"], "rate_limit");
    let result = lines.last().unwrap();
    assert_eq!(
        (&result["subtype"], &result["is_error"]),
        (&json!("success"), &json!(true))
    );
    assert_eq!(result["api_error_status"], 429);
    assert_eq!(
        run.turn("[[error subtype=error_max_budget_usd]]").1["subtype"],
        "error_max_budget_usd"
    );
    assert_eq!(run.end().0.code(), Some(1));
}

#[test]
fn a_bad_directive_is_answered() {
    let (texts, _) = Place::new().start(&[]).turn("[[dance]]");
    assert!(texts[0].contains("[[dance]]"), "{texts:?}");
}
