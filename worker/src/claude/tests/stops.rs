//! Runs that are ended or held from outside.

use std::time::Duration;

use longshore_shared::execution::{CancelReason, EndKind, ErrorCode};
use tokio::sync::{mpsc, watch};

use super::world::{ABORTED, Gate, RESULT, Stuck, Told, World};
use crate::claude::{LineSink, Stop};
use crate::outcome::{Exit, Report, Stopped, decide};

const CANCEL: Stop = Stop::Cancel(CancelReason::Requested);
const STARTED: &str = "read -r prompt; echo '{\"type\":\"system\",\"subtype\":\"init\"}'";

/// Stops the run when its first line has come.
async fn stopped(world: &World, stop: Stop) -> Report {
    let (told, lines) = mpsc::unbounded_channel();
    stopped_at(world, stop, &mut Told(told), lines).await
}

async fn stopped_at(
    world: &World,
    stop: Stop,
    sink: &mut dyn LineSink,
    mut lines: mpsc::UnboundedReceiver<String>,
) -> Report {
    let stopping = async {
        lines.recv().await.unwrap();
        world.stop.send_replace(Some(stop));
    };
    tokio::join!(world.run(sink), stopping).0
}

#[tokio::test]
async fn a_cancel_interrupts_in_good_order() {
    let world = World::new(&format!(
        "{STARTED}; read -r request; echo \"$request\" > request; {ABORTED}; cat; exit 1"
    ));
    let report = stopped(&world, CANCEL).await;
    assert_eq!(report.exit, Exit::Code(1));
    let request = std::fs::read_to_string(world.workspace().join("request")).unwrap();
    assert!(request.contains(r#""subtype":"interrupt""#));
    let ending = decide(&report);
    assert_eq!(
        (ending.kind, ending.error.unwrap().code),
        (EndKind::Cancelled, ErrorCode::Cancelled)
    );
    assert!(ending.result.is_none());
}

#[tokio::test]
async fn a_cancel_that_came_too_late_changes_nothing() {
    let world = World::new(&format!("{STARTED}; read -r request; {RESULT}"));
    assert_eq!(
        decide(&stopped(&world, CANCEL).await).kind,
        EndKind::Completed
    );
}

#[tokio::test]
async fn a_cancel_asked_for_before_the_start_counts() {
    let world = World::new("sleep 600");
    world.stop.send_replace(Some(CANCEL));
    assert_eq!(world.ending().await.kind, EndKind::Cancelled);
}

#[tokio::test]
async fn what_ignores_everything_is_killed_with_its_tools() {
    let world = World::new(&format!(
        "trap '' TERM INT; setsid sh -c 'trap \"\" TERM; sleep 600' & {STARTED}; sleep 600; sleep 600"
    ));
    let report = stopped(&world, CANCEL).await;
    assert_eq!(report.exit, Exit::Signal(9));
    assert_eq!(decide(&report).kind, EndKind::Cancelled);
}

#[tokio::test]
async fn the_steps_come_in_order() {
    let world = World::new(&format!(
        "trap 'exit 143' TERM; {STARTED}; cat > rest; touch closed; while :; do sleep 0.05; done"
    ));
    let report = stopped(&world, Stop::Drain).await;
    assert!(world.workspace().join("closed").exists());
    assert_eq!(
        (report.exit, report.stopped),
        (Exit::Code(143), Some(Stopped::Drained))
    );
}

#[tokio::test]
async fn a_lost_lease_kills_at_once() {
    let mut world = World::new(&format!("setsid sleep 600 & {STARTED}; sleep 600"));
    world.limits.step = Duration::from_secs(60);
    let report = stopped(&world, Stop::LeaseLost).await;
    assert_eq!(
        (report.exit, report.stopped),
        (Exit::Signal(9), Some(Stopped::LeaseLost))
    );
}

#[tokio::test]
async fn a_lost_lease_ends_a_run_whose_lines_nobody_takes() {
    let world = World::new(&format!("{STARTED}; {RESULT}"));
    let (told, lines) = mpsc::unbounded_channel();
    let report = stopped_at(&world, Stop::LeaseLost, &mut Stuck(told), lines).await;
    assert_eq!(report.stopped, Some(Stopped::LeaseLost));
}

#[tokio::test]
async fn time_runs_out() {
    let mut world = World::new(&format!(
        "{STARTED}; while :; do echo '{{}}'; sleep 0.05; done"
    ));
    world.limits.total = Duration::from_millis(300);
    assert_eq!(world.code().await, Some(ErrorCode::TimedOut));
}

#[tokio::test]
async fn silence_is_a_stall_unless_a_tool_is_open() {
    let mut world = World::new(&format!("{STARTED}; sleep 600"));
    world.limits.stall = Duration::from_millis(300);
    assert_eq!(world.code().await, Some(ErrorCode::Stalled));

    let tool = r#"echo '{"type":"assistant","message":{"id":"m","content":[{"type":"tool_use","id":"t"}]}}'"#;
    let mut world = World::new(&format!("{STARTED}; {tool}; sleep 4; {RESULT}"));
    world.limits.stall = Duration::from_secs(2);
    assert_eq!(world.code().await, None);
}

#[tokio::test]
async fn a_line_that_grows_is_no_silence() {
    let mut world = World::new(&format!(
        "{STARTED}; printf '{{\"type\":\"system\",\"subtype\":\"'; for i in 1 2 3 4 5 6 7 8; do printf x; sleep 0.5; done; echo '\"}}'; {RESULT}"
    ));
    world.limits.stall = Duration::from_secs(2);
    let (report, lines) = world.collect().await;
    assert_eq!((report.stopped, lines.len()), (None, 3));
}

#[tokio::test]
async fn waiting_for_whoever_takes_the_lines_is_no_silence_and_loses_nothing() {
    let mut world = World::new(&format!(
        "{STARTED}; for i in 1 2 3 4 5; do echo '{{}}'; done; {RESULT}"
    ));
    world.limits.stall = Duration::from_secs(2);
    world.limits.linger = Duration::from_secs(2);
    let (gate, closed) = watch::channel(false);
    let mut sink = Gate(closed, Vec::new());
    let opening = async {
        tokio::time::sleep(Duration::from_millis(4500)).await;
        gate.send_replace(true);
    };
    let (report, ()) = tokio::join!(world.run(&mut sink), opening);
    assert_eq!(
        (sink.1.len(), report.stopped, report.exit),
        (7, None, Exit::Code(0))
    );
}

#[tokio::test]
async fn no_time_passes_while_frozen() {
    let mut world = World::new(&format!("{STARTED}; sleep 0.2; {RESULT}"));
    world.limits.stall = Duration::from_secs(2);
    world.limits.total = Duration::from_secs(3);
    let (told, mut lines) = mpsc::unbounded_channel();
    let mut sink = Told(told);
    let freezing = async {
        lines.recv().await.unwrap();
        world.freeze.send_replace(true);
        tokio::time::sleep(Duration::from_millis(4500)).await;
        assert!(
            lines.try_recv().is_err(),
            "nothing comes from what is frozen"
        );
        world.freeze.send_replace(false);
    };
    let (report, ()) = tokio::join!(world.run(&mut sink), freezing);
    assert_eq!(
        (report.stopped, decide(&report).kind),
        (None, EndKind::Completed)
    );
}

#[tokio::test]
async fn a_dropped_run_leaves_nothing() {
    let world = World::new(&format!("setsid sleep 600 & {STARTED}; sleep 600"));
    let (told, mut lines) = mpsc::unbounded_channel();
    let mut sink = Told(told);
    tokio::select! {
        _ = world.run(&mut sink) => panic!("it does not end by itself"),
        line = lines.recv() => assert!(line.is_some()),
    }
    assert!(!world.mark().is_anywhere().await);
}
