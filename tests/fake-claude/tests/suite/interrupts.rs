//! Interrupts, by request and by signal, in every state.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::driver::{Place, Run, lives};

fn signal(run: &Run, signal: Signal) {
    kill(Pid::from_raw(run.pid().try_into().unwrap()), signal).unwrap();
}

#[test]
fn a_hanging_turn_is_interrupted_and_the_process_goes_on() {
    let mut run = Place::new().start(&[]);
    run.prompt("[[text before]][[hang]]");
    run.until("assistant");
    run.interrupt();
    let lines = run.until("result");
    assert_eq!(
        lines[0]["response"],
        json!({"subtype": "success", "request_id": "i1"})
    );
    assert_eq!(
        lines[1]["message"]["content"][0]["text"],
        "[Request interrupted by user]"
    );
    assert_eq!(lines[2]["subtype"], "error_during_execution");
    assert_eq!(lines[2]["terminal_reason"], "aborted_streaming");
    assert_eq!(run.turn("[[text after]]").1["result"], "after");
    assert_eq!(run.end().0.code(), Some(0), "the last result counts");
}

#[test]
fn a_running_tool_is_killed_with_all_it_started() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt(r#"[[tool Bash {"command":"setsid sleep 60 & echo $! > pid; mkfifo p; echo > p & cat p; wait"}]]"#);
    run.until("assistant");
    let pid = await_file(&place.path().join("work/pid"));
    run.interrupt();
    let lines = run.until("result");
    assert_eq!(lines[1]["tool_use_result"], "User rejected tool use");
    assert_eq!(
        lines[2]["message"]["content"][0]["text"],
        "[Request interrupted by user for tool use]"
    );
    assert_eq!(lines[3]["terminal_reason"], "aborted_tools");
    await_that(|| !lives(&pid));
    assert_eq!(run.end().0.code(), Some(1));
}

#[test]
fn a_streamed_text_is_printed_as_far_as_it_got() {
    let mut run = Place::new().start(&["--include-partial-messages"]);
    run.prompt("[[partials n=1000 rate=20]]");
    while run.line()["event"]["type"] != "content_block_delta" {}
    run.interrupt();
    let lines = run.until("result");
    let partial = lines
        .iter()
        .find(|line| line["type"] == "assistant")
        .expect("the partial text");
    assert!(
        partial["message"]["content"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("n=1 ")
    );
}

#[test]
fn idle_it_only_answers_and_knows_other_requests() {
    let mut run = Place::new().start(&[]);
    run.interrupt();
    assert_eq!(run.line()["response"]["subtype"], "success");
    let request = json!({"subtype": "nonsense"});
    run.send(&json!({"type": "control_request", "request_id": "n", "request": request}));
    assert_eq!(run.line()["response"]["subtype"], "error");
    let request = json!({"subtype": "end_session"});
    run.send(&json!({"type": "control_request", "request_id": "e", "request": request}));
    assert_eq!(run.exit().0.code(), Some(0));
}

#[test]
fn deaf_it_hears_signals_only() {
    let mut run = Place::new().start(&[]);
    run.prompt("[[deaf]][[text listening not]][[hang]]");
    run.until("assistant");
    run.interrupt();
    assert!(run.silent_for(Duration::from_millis(100)));
    signal(&run, Signal::SIGINT);
    assert_eq!(
        run.until("result").last().unwrap()["subtype"],
        "error_during_execution"
    );
    assert_eq!(
        run.exit().0.code(),
        Some(0),
        "SIGINT ends it, stdin open or not"
    );
}

#[test]
fn sigterm_is_an_exit_code_unless_ignored() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt("[[text here]][[hang]]");
    run.until("assistant");
    signal(&run, Signal::SIGTERM);
    assert_eq!(run.exit().0.code(), Some(143));
    let mut run = place.start(&[]);
    run.prompt("[[ignore-signals]][[text here]][[sleep ms=200]]");
    run.until("assistant");
    signal(&run, Signal::SIGTERM);
    signal(&run, Signal::SIGHUP);
    assert_eq!(run.until("result").last().unwrap()["is_error"], false);
}

fn await_file(path: &std::path::Path) -> String {
    let read = || {
        std::fs::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    await_that(|| !read().is_empty());
    read()
}

pub(crate) fn await_that(mut holds: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + crate::driver::BOUND;
    while !holds() {
        assert!(std::time::Instant::now() < until, "it never came true");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
