//! Misbehaviour on demand.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use serde_json::json;

use crate::driver::{Place, lives};
use crate::interrupts::await_that;

#[test]
fn crash_and_exit_end_the_turn_without_a_result() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt("[[crash]]");
    assert_eq!(run.exit().0.signal(), Some(9));
    let mut run = place.start(&[]);
    run.prompt("[[exit code=3 stderr=out_of_luck]]");
    assert_eq!(run.line()["subtype"], "init");
    assert_eq!(run.raw(), None);
    let (status, stderr) = run.exit();
    assert_eq!((status.code(), stderr.as_str()), (Some(3), "out of luck\n"));
}

#[test]
fn noresult_exits_at_eof_or_at_once() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt("[[text a]][[noresult]]");
    run.until("assistant");
    assert!(run.silent_for(Duration::from_millis(50)));
    assert_eq!(run.end().0.code(), Some(0));
    let mut run = place.start(&[]);
    run.prompt("[[noresult exit]]");
    assert_eq!(run.exit().0.code(), Some(0), "with stdin open");
}

#[test]
fn linger_outlives_eof() {
    let mut run = Place::new().start(&[]);
    run.turn("[[linger]]");
    run.close_stdin();
    assert!(run.silent_for(Duration::from_millis(100)));
    assert!(lives(&run.pid().to_string()));
}

#[test]
fn bad_output_is_bad_and_the_turn_goes_on() {
    let mut run = Place::new().start(&[]);
    run.prompt("[[garbage]][[utf8]][[longline mib=2]][[stderr kib=100]][[text ok]]");
    run.raw();
    assert!(serde_json::from_slice::<serde_json::Value>(&run.raw().unwrap()).is_err());
    assert!(String::from_utf8(run.raw().unwrap()).is_err());
    assert!(run.raw().unwrap().len() > 2 << 20);
    assert_eq!(run.until("result").last().unwrap()["result"], "ok");
    assert_eq!(run.end().1.len(), 100 << 10);
}

#[test]
fn a_closed_stdout_goes_unnoticed() {
    let place = Place::new();
    let mut run = place.start(&[]);
    run.prompt(r#"[[close-stdout]][[tool Bash {"command":"touch done"}]]"#);
    run.raw();
    assert_eq!(run.raw(), None);
    await_that(|| place.path().join("work/done").exists());
    assert_eq!(run.end().0.code(), Some(0));
}

#[test]
fn a_daemon_stays_behind_with_the_environment() {
    let place = Place::new();
    let mut run = place.start(&[]);
    let (_, result) = run.turn("[[daemon]]");
    run.end();
    let mark = format!(
        "CLAUDE_CODE_SESSION_ID={}",
        result["session_id"].as_str().unwrap()
    );
    let mut found = None;
    await_that(|| {
        found = bearing(&mark);
        found.is_some()
    });
    let pid = nix::unistd::Pid::from_raw(found.unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
}

fn bearing(mark: &str) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let marked = |pid: &i32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let command = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        command == "sleep\n" && String::from_utf8_lossy(&environ).contains(mark)
    };
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(marked)
}

#[test]
fn a_bad_line_is_the_end() {
    let mut run = Place::new().start(&[]);
    run.prompt("[[hang]]");
    run.send(&json!({"type": "user", "message": {"content": "no role"}}));
    let (status, stderr) = run.exit();
    assert_eq!((status.code(), stderr.contains("role")), (Some(1), true));
}
