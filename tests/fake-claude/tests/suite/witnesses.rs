//! The witness: starts, stops, and two processes at once.

use fake_claude::witness::{Event, read};

use crate::driver::{Place, Run};

const ID: &str = "3f0c2f7e-4c6c-4f0e-9a43-1d9d5a6f8b11";

fn start(place: &Place, execution: &str, session: &str) -> Run {
    let mut command = place.command(&[session, ID]);
    command.env("FAKE_CLAUDE_WITNESS", place.path().join("witness"));
    command.env("LONGSHORE_EXECUTION_ID", execution);
    Run::spawn(command)
}

fn events(place: &Place) -> Vec<(Event, String)> {
    let records = read(&place.path().join("witness")).into_iter();
    records
        .map(|record| (record.event, record.execution.unwrap()))
        .collect()
}

#[test]
fn one_run_starts_and_stops() {
    let place = Place::new();
    let mut run = start(&place, "e1", "--session-id");
    run.turn("[[text a]]");
    let pid = run.pid();
    run.end();
    let records = read(&place.path().join("witness"));
    assert_eq!(
        events(&place),
        [(Event::Start, "e1".into()), (Event::Stop, "e1".into())]
    );
    assert!(
        records
            .iter()
            .all(|record| record.pid == pid && record.session == ID)
    );
    assert!(records[0].at_us <= records[1].at_us);
}

#[test]
fn a_second_process_on_the_same_session_is_an_overlap_and_a_crashed_one_is_not() {
    let place = Place::new();
    let mut first = start(&place, "e1", "--session-id");
    first.prompt("[[text a]][[hang]]");
    first.until("assistant");
    let mut second = start(&place, "e2", "--resume");
    second.turn("[[text b]]");
    let mut expected = vec![
        (Event::Start, "e1".to_owned()),
        (Event::Overlap, "e2".into()),
        (Event::Start, "e2".into()),
    ];
    assert_eq!(events(&place), expected);
    drop((first, second));
    let mut third = start(&place, "e1", "--resume");
    assert_eq!(
        third.turn("[[exit once]][[text again]]").0,
        ["again"],
        "its second attempt"
    );
    expected.push((Event::Start, "e1".into()));
    assert_eq!(events(&place), expected);
}
