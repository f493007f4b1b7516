//! Watches over a run and ends it: the one place that knows its phases, its timers and the order of a stop.
//!
//! ```text
//! Running ──stop, timeout, stall──▶ Interrupted ──its result, or 5 s──▶ Closing ──5 s──▶ Terminated ──5 s──▶ Killed
//!    └──────no turn is open────────────────────────────────────────────────▲                                   ▲
//!    └──────lingers, printed an invalid line, lease lost───────────────────────────────────────────────────────┘
//! ```
//! In every phase lines are still read and passed on, and the exit of the process leads to the end: what else carries
//! the mark is killed, and what is left in the pipe is read.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::child::Child;
use super::command::interrupt_line;
use super::marks::Mark;
use super::seen::Seen;
use super::{Limits, Spec, Stop};
use crate::outcome::{Exit, Stopped};

mod phase;
mod timers;

use phase::Phase;
use timers::Due;

/// How the run ended, seen from outside.
pub(super) struct Ended {
    pub(super) stopped: Option<Stopped>,
    pub(super) exit: Exit,
    pub(super) stderr: String,
}

pub(super) struct Supervisor {
    child: Child,
    mark: Mark,
    limits: Limits,
    stop: watch::Receiver<Option<Stop>>,
    freeze: watch::Receiver<bool>,
    seen: watch::Receiver<Seen>,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    stopped: Option<Stopped>,
    /// When all time is up; moves with every freeze.
    deadline: Instant,
    frozen: Option<Instant>,
    /// Silence before that does not count: everything was frozen.
    thawed: Instant,
    exited: Option<(Instant, Exit)>,
    /// What was left after the exit is gone.
    cleared: bool,
    over: bool,
}

impl Supervisor {
    pub(super) fn new(
        child: Child,
        spec: &Spec<'_>,
        mut stop: watch::Receiver<Option<Stop>>,
        seen: watch::Receiver<Seen>,
    ) -> Self {
        let mut freeze = spec.frozen.clone();
        // What was asked for before is looked at first.
        stop.mark_changed();
        freeze.mark_changed();
        let now = Instant::now();
        Self {
            mark: child.leash.mark().clone(),
            child,
            limits: spec.limits,
            stop,
            freeze,
            seen,
            phase: Phase::Running,
            since: now,
            stopped: None,
            deadline: now + spec.limits.total,
            frozen: None,
            thawed: now,
            exited: None,
            cleared: false,
            over: false,
        }
    }

    /// Runs until no process is left and all output is passed on, or given up.
    pub(super) async fn run(mut self) -> Ended {
        while !self.is_over() {
            let (at, due) = self.next_due();
            if at <= Instant::now() {
                self.act(due).await;
                continue;
            }
            tokio::select! {
                biased;
                stop = next(&mut self.stop) => self.obey(stop).await,
                frozen = next(&mut self.freeze) => self.set_frozen(frozen).await,
                exit = self.child.process.wait(), if self.exited.is_none() => self.exit(exit.ok()).await,
                Ok(()) = self.seen.changed() => self.look().await,
                () = sleep_until(at) => {}
            }
        }
        self.finish().await
    }

    fn is_over(&self) -> bool {
        let lost = self.stopped == Some(Stopped::LeaseLost);
        let read = self.seen.borrow().ended.is_some();
        self.over || (self.exited.is_some() && (read || lost))
    }

    async fn act(&mut self, due: Due) {
        match due {
            Due::Timeout => self.begin_stop(Stopped::TimedOut(self.limits.total)).await,
            Due::Stall => self.begin_stop(Stopped::Stalled(self.limits.stall)).await,
            Due::Linger => {
                self.stopped.get_or_insert(Stopped::Lingered);
                self.enter(Phase::Killed).await;
            }
            Due::NextPhase => self.next_phase().await,
            Due::Over => self.over = true,
        }
    }

    async fn obey(&mut self, stop: Option<Stop>) {
        match stop {
            Some(Stop::LeaseLost) => {
                self.stopped = Some(Stopped::LeaseLost);
                self.enter(Phase::Killed).await;
            }
            Some(Stop::Cancel(reason)) => self.begin_stop(Stopped::Cancelled(reason)).await,
            Some(Stop::Drain) => self.begin_stop(Stopped::Drained).await,
            None => {}
        }
    }

    /// The first reason counts; a stop that is under way goes on.
    async fn begin_stop(&mut self, why: Stopped) {
        if self.phase != Phase::Running || self.exited.is_some() {
            return;
        }
        self.stopped.get_or_insert(why);
        // What is frozen could not obey.
        self.set_frozen(false).await;
        let (turn_open, results) = {
            let seen = self.seen.borrow();
            (seen.turn_open, seen.results)
        };
        let next = if turn_open {
            Phase::Interrupted { results }
        } else {
            Phase::Closing
        };
        self.enter(next).await;
    }

    async fn next_phase(&mut self) {
        let next = match self.phase {
            Phase::Running => return,
            Phase::Interrupted { .. } => Phase::Closing,
            Phase::Closing => Phase::Terminated,
            Phase::Terminated => Phase::Killed,
            Phase::Killed => {
                tracing::warn!("a killed CLI does not go away");
                self.over = true;
                return;
            }
        };
        self.enter(next).await;
    }

    async fn enter(&mut self, phase: Phase) {
        match phase {
            Phase::Running => {}
            Phase::Interrupted { .. } => self.interrupt(),
            Phase::Closing => self.child.stdin = None,
            Phase::Terminated => {
                self.mark.signal(Signal::TERM).await;
            }
            Phase::Killed => {
                // An error says that it has ended; the exit follows either way.
                let _ = self.child.process.start_kill();
                self.mark.kill_all().await;
            }
        }
        self.phase = phase;
        self.since = Instant::now();
    }

    /// Both ways end the tools too and print a result; a signal when stdin was closed at an earlier result.
    fn interrupt(&self) {
        if let Some(stdin) = &self.child.stdin {
            stdin.send(interrupt_line());
        } else if let Some(pid) = self
            .child
            .process
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            // Not reaped yet, so the number is still its own.
            let _ = rustix::process::kill_process(pid, Signal::INT);
        }
    }

    /// Looks at what the reader noted.
    async fn look(&mut self) {
        let (invalid, ended, results, turn_open) = {
            let seen = self.seen.borrow_and_update();
            (
                seen.invalid_line.is_some(),
                seen.ended.is_some(),
                seen.results,
                seen.turn_open,
            )
        };
        match self.phase {
            // Nobody reads it any more, so it could not go in good order.
            Phase::Running if invalid => self.enter(Phase::Killed).await,
            // Only now: a CLI whose stdin ends may leave before its output is read. What it does then of its own
            // accord, such as answering a background task, it still does.
            Phase::Running if ended || (results > 0 && !turn_open) => self.child.stdin = None,
            Phase::Interrupted { results: before } if results > before => {
                self.enter(Phase::Closing).await
            }
            _ => {}
        }
    }

    async fn set_frozen(&mut self, frozen: bool) {
        match (frozen, self.frozen) {
            (true, None) if self.phase == Phase::Running && self.exited.is_none() => {
                let began = Instant::now();
                self.mark.freeze().await;
                self.frozen = Some(began);
            }
            (false, Some(since)) => {
                self.mark.thaw().await;
                self.frozen = None;
                self.thawed = Instant::now();
                self.deadline += since.elapsed();
            }
            // There is no time left for a stop in good order: the lease may be gone before.
            (true, None) if self.exited.is_none() => self.enter(Phase::Killed).await,
            _ => {}
        }
    }

    /// The CLI is gone; what it left behind goes too, and with that its end of the pipe.
    async fn exit(&mut self, status: Option<ExitStatus>) {
        let exit = match status.map(|status| (status.code(), status.signal())) {
            Some((Some(code), _)) => Exit::Code(code),
            Some((None, Some(signal))) => Exit::Signal(signal),
            _ => Exit::Unknown,
        };
        self.child.stdin = None;
        let tool_used = self.seen.borrow().tool_used;
        if !self.child.leash.is_over(tool_used) {
            self.cleared = self.mark.kill_all().await;
        }
        self.exited = Some((Instant::now(), exit));
    }

    async fn finish(mut self) -> Ended {
        // Only when all was read it is known whether a tool was used.
        let (read, tool_used) = {
            let seen = self.seen.borrow();
            (seen.ended.is_some(), seen.tool_used)
        };
        let nothing_left = self.exited.is_some() && read && self.child.leash.is_over(tool_used);
        if !self.cleared && !nothing_left {
            self.mark.kill_all().await;
        }
        self.child.leash.release();
        let stderr = match self.child.stderr.take() {
            Some(stderr) => stderr.finish().await,
            None => String::new(),
        };
        let exit = self.exited.map_or(Exit::Unknown, |(_, exit)| exit);
        Ended {
            stopped: self.stopped,
            exit,
            stderr,
        }
    }
}

/// The next value; never when nobody is left who could send one.
async fn next<T: Copy>(orders: &mut watch::Receiver<T>) -> T {
    match orders.changed().await {
        Ok(()) => *orders.borrow_and_update(),
        Err(_) => std::future::pending().await,
    }
}
