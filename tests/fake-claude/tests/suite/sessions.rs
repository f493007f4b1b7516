//! The session's memory, and the refusals around it.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::driver::{Place, Run, texts};

const ID: &str = "3f0c2f7e-4c6c-4f0e-9a43-1d9d5a6f8b10";

#[test]
fn a_resumed_session_recalls_its_earlier_prompts() {
    let place = Place::new();
    let mut run = place.start(&["--session-id", ID]);
    let (_, result) = run.turn("first");
    assert_eq!(result["session_id"], ID);
    run.end();
    let file = place.transcript(ID);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut run = place.start(&[&format!("--resume={ID}")]);
    assert_eq!(run.turn("[[recall]]").0, ["Earlier prompts: 1\n1. first"]);
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 4);
}

#[test]
fn a_session_is_resumed_from_a_file_anywhere_and_appends_to_it() {
    let place = Place::new();
    let mut run = place.start(&["--session-id", ID]);
    run.turn("first");
    run.end();
    let elsewhere = Place::new();
    let copy = elsewhere.path().join("copy.jsonl");
    std::fs::copy(place.transcript(ID), &copy).unwrap();
    let mut run = elsewhere.start(&["--resume", copy.to_str().unwrap()]);
    let (texts, result) = run.turn("[[recall]]");
    assert_eq!(
        (texts[0].as_str(), &result["session_id"]),
        ("Earlier prompts: 1\n1. first", &json!(ID))
    );
    assert_eq!(std::fs::read_to_string(copy).unwrap().lines().count(), 4);
    assert!(!elsewhere.transcript(ID).exists());
}

#[test]
fn an_unknown_session_is_one_result_line_and_exit_1() {
    let place = Place::new();
    let mut run = place.start(&["--resume", ID]);
    let result = run.line();
    assert_eq!(result["subtype"], "error_during_execution");
    assert_eq!(
        result["errors"][0],
        format!("No conversation found with session ID: {ID}")
    );
    let (status, stderr) = run.exit();
    assert_eq!(status.code(), Some(1));
    assert!(stderr.contains("No conversation found"));
}

#[test]
fn an_id_in_use_is_refused_without_a_line() {
    let place = Place::new();
    let mut run = place.start(&["--session-id", ID]);
    run.turn("[[api status=500]]");
    run.end();
    let mut run = place.start(&["--session-id", ID]);
    assert_eq!(run.raw(), None);
    let (status, stderr) = run.exit();
    assert_eq!(
        (status.code(), stderr.contains("already in use")),
        (Some(1), true)
    );
}

fn line(uuid: &str) -> Value {
    json!({"type": "user", "uuid": uuid, "message": {"role": "user", "content": "[[crash once]][[text made it]]"}})
}

#[test]
fn a_prompt_cut_by_a_crash_is_played_again_and_an_answered_one_is_not() {
    let place = Place::new();
    let uuid = "22222222-2222-4222-8222-222222222222";
    let mut run = place.start(&["--session-id", ID]);
    run.send(&line(uuid));
    assert_eq!(run.exit().0.code(), None, "a signal");
    let resumed = |again: bool| {
        let mut command = place.command(&["--resume", ID, "--replay-user-messages"]);
        if again {
            command.env("CLAUDE_CODE_RESUME_INTERRUPTED_TURN", "1");
        }
        let mut run = Run::spawn(command);
        run.send(&line(uuid));
        run.close_stdin();
        run
    };
    let mut swallowed = resumed(false);
    assert_eq!(swallowed.line()["isReplay"], true);
    assert_eq!(swallowed.raw(), None);
    assert_eq!(texts(&resumed(true).until("result")), ["made it"]);
    let mut answered = resumed(true);
    assert_eq!(answered.line()["uuid"], uuid);
    assert_eq!(answered.raw(), None);
    assert_eq!(answered.exit().0.code(), Some(0));
}

#[test]
fn a_turn_that_goes_on_uses_no_tool_again() {
    let place = Place::new();
    let prompt = r#"[[text before]][[tool Bash {"command":"echo once >> ran"}]][[text between]][[crash once]][[text after]]"#;
    let line = json!({
        "type": "user", "uuid": "22222222-2222-4222-8222-222222222222",
        "message": {"role": "user", "content": prompt},
    });
    let mut run = place.start(&["--session-id", ID]);
    run.send(&line);
    let answered = run.until("user").pop().unwrap();
    assert_eq!(run.exit().0.code(), None, "a signal");
    let kept = std::fs::read_to_string(place.transcript(ID)).unwrap();
    assert!(
        kept.lines()
            .last()
            .unwrap()
            .contains(answered["uuid"].as_str().unwrap()),
        "under the same uuid"
    );
    let mut command = place.command(&["--resume", ID]);
    command.env("CLAUDE_CODE_RESUME_INTERRUPTED_TURN", "1");
    let mut run = Run::spawn(command);
    run.send(&line);
    run.close_stdin();
    assert_eq!(texts(&run.until("result")), ["between", "after"]);
    let ran = std::fs::read_to_string(place.path().join("work/ran")).unwrap();
    assert_eq!(ran, "once\n");
}

#[test]
fn flags_are_checked() {
    let place = Place::new();
    for (flags, why) in [
        (&["--nonsense"][..], "error: unknown option '--nonsense'"),
        (&["--session-id=x"], "Must be a valid UUID"),
        (&["--permission-mode", "x"], "is invalid"),
    ] {
        let (status, stderr) = place.start(flags).exit();
        assert_eq!(
            (status.code(), stderr.contains(why)),
            (Some(1), true),
            "{stderr}"
        );
    }
    let mut run = place.start(&["--version"]);
    assert_eq!(run.raw().as_deref(), Some(&b"2.1.197 (fake-claude)"[..]));
    let many = [
        "--tools",
        "Bash",
        "Read",
        "--strict-mcp-config",
        "--setting-sources=",
        "--max-turns=0",
    ];
    let mut run = place.start(&many);
    run.prompt("[[text a]]");
    assert_eq!(run.until("result")[0]["tools"], json!(["Bash", "Read"]));
}
