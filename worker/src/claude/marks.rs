//! The processes of a run: all whose environment carries its mark, and all in its control group where it has one.
//!
//! Each tool of the CLI is a session of its own, so neither a process group nor a parent leads to all of them. Nor would a
//! worker that adopts what has lost its parent (`PR_SET_CHILD_SUBREAPER`) know whose it was.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::time::Duration;

use longshore_shared::id::ExecutionId;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, kill_process, pidfd_open, pidfd_send_signal,
};
use tokio::time::{Instant, sleep};

mod group;
mod proc;

use group::Groups;

/// The variable that names the execution a process belongs to.
pub(crate) const EXECUTION: &str = "LONGSHORE_EXECUTION_ID";
/// The variable that names the attempt a process belongs to.
pub(crate) const ATTEMPT: &str = "LONGSHORE_ATTEMPT";
/// The variable that names the worker a process belongs to.
pub(crate) const WORKER: &str = "LONGSHORE_WORKER_ID";
/// The variable that names the worker's process, so that its death can be noticed later.
pub(super) const PROCESS: &str = "LONGSHORE_WORKER_PROCESS";

/// How long processes are looked for and killed before we give up; only one stuck in the kernel takes that long.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a process may take to show its environment. One that never does is none of ours.
const EXEC: Duration = Duration::from_millis(500);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What all processes meant have in common.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// A `NAME=value` of their environment.
    variable: String,
    /// Where they are besides.
    groups: Groups,
}

impl Mark {
    /// All of an execution, of whichever attempt.
    pub(crate) fn execution(id: ExecutionId) -> Self {
        Self::new(EXECUTION, id, None, format!("{id}."))
    }

    /// Those of one attempt: another may be under way already, by a worker on this very host.
    pub(crate) fn attempt(execution: ExecutionId, attempt: u32) -> Self {
        let value = format!("{execution}/{attempt}");
        let group = format!("{execution}.{attempt}.");
        Self::new(ATTEMPT, value, Some(this_process().to_owned()), group)
    }

    /// All of a worker's process, as [`this_process`] names it.
    pub(crate) fn process(worker: &str) -> Self {
        Self::new(PROCESS, worker, Some(worker.to_owned()), String::new())
    }

    fn new(
        name: &str,
        value: impl std::fmt::Display,
        worker: Option<String>,
        prefix: String,
    ) -> Self {
        Self {
            variable: format!("{name}={value}"),
            groups: Groups { worker, prefix },
        }
    }

    /// The variable's value.
    pub(super) fn value(&self) -> &str {
        self.variable.split_once('=').map_or("", |(_, value)| value)
    }

    /// Whether any such process is alive.
    #[cfg(test)]
    pub(crate) async fn is_anywhere(&self) -> bool {
        !self.scan().await.pids.is_empty()
    }

    /// Sends a signal to each, once; tells to how many.
    pub(crate) async fn signal(&self, signal: Signal) -> usize {
        let mark = self.clone();
        blocking(move || mark.signal_now(signal)).await
    }

    /// Stops all of them; `false` when some did not stop in time.
    pub(crate) async fn freeze(&self) -> bool {
        self.repeat(Signal::STOP, proc::is_stopped).await
    }

    /// Lets all of them go on.
    pub(crate) async fn thaw(&self) {
        self.signal(Signal::CONT).await;
    }

    /// Kills until none is left; `false` when some are, after 5 s.
    pub(crate) async fn kill_all(&self) -> bool {
        self.repeat(Signal::KILL, |_, _| false).await
    }

    /// Signals all that are not `settled` (asked with whether one was signalled before), until none is found twice in a
    /// row: one look may miss what is forked meanwhile.
    async fn repeat(&self, signal: Signal, settled: fn(Pid, bool) -> bool) -> bool {
        let begun = Instant::now();
        let deadline = begun + PATIENCE;
        let mut signalled = HashSet::new();
        let mut clean = 0;
        while clean < 2 {
            let Found { mut pids, unclear } = self.scan().await;
            pids.retain(|pid| !settled(*pid, signalled.contains(pid)));
            if Instant::now() > deadline {
                tracing::warn!(
                    mark = self.variable,
                    ?signal,
                    left = pids.len(),
                    "processes of a run do not obey"
                );
                return false;
            }
            let settled = pids.is_empty() && (!unclear || begun.elapsed() > EXEC);
            clean = if settled { clean + 1 } else { 0 };
            signalled.extend(pids.into_iter().filter(|pid| self.send(*pid, signal)));
            if clean == 0 {
                sleep(PAUSE).await;
            }
        }
        true
    }

    async fn scan(&self) -> Found {
        let mark = self.clone();
        blocking(move || mark.scan_now()).await
    }

    fn scan_now(&self) -> Found {
        let us = getpid();
        let mut found = self.look_at(proc::pids().filter(|pid| *pid != us));
        found.pids.extend(self.groups.pids());
        found
    }

    /// Whether nothing was started by the run's first process up to now.
    fn is_alone(&self, first: Pid) -> bool {
        proc::started_after(first).is_some_and(|younger| {
            let found = self.look_at(younger);
            found.pids.is_empty() && !found.unclear
        })
    }

    fn look_at(&self, pids: impl Iterator<Item = Pid>) -> Found {
        let mut environment = Vec::new();
        let mut found = Found::default();
        for pid in pids {
            if proc::carries(pid, self.variable.as_bytes(), &mut environment) {
                found.pids.insert(pid);
            } else if environment.is_empty() {
                found.unclear |= proc::is_in_exec(pid);
            }
        }
        found
    }

    fn signal_now(&self, signal: Signal) -> usize {
        let pids = self.scan_now().pids;
        pids.into_iter()
            .filter(|pid| self.send(*pid, signal))
            .count()
    }

    /// Signals a process if it still is the one that was found: the descriptor stays with the process, and the mark is
    /// checked after it was opened, so that a number used again is noticed.
    fn send(&self, pid: Pid, signal: Signal) -> bool {
        let handle: Option<OwnedFd> = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Some(handle),
            Err(Errno::SRCH) => return false,
            // Kernels before 5.3 and some sandboxes have no descriptors of processes.
            Err(_) => None,
        };
        let marked = proc::carries(pid, self.variable.as_bytes(), &mut Vec::new());
        if !marked && !self.groups.pids().contains(&pid) {
            return false;
        }
        match handle {
            Some(handle) => pidfd_send_signal(handle, signal).is_ok(),
            None => kill_process(pid, signal).is_ok(),
        }
    }
}

/// What one look at all processes finds.
#[derive(Debug, Default)]
struct Found {
    /// Those that carry the mark, or are in the group.
    pids: HashSet<Pid>,
    /// Whether there is one that shows no environment yet, and may turn out to carry it.
    unclear: bool,
}

/// Kills what workers that died left on this host; tells how many workers that were.
pub(crate) async fn sweep() -> usize {
    let dead = blocking(|| {
        let mut environment = Vec::new();
        let mut worker = |pid| proc::variable(pid, PROCESS, &mut environment);
        let mut found: HashSet<String> = proc::pids().filter_map(&mut worker).collect();
        found.retain(|worker| proc::is_dead(worker));
        found.extend(group::dead_workers());
        found
    });
    let dead = dead.await;
    for worker in &dead {
        Mark::process(worker).kill_all().await;
        group::remove_worker(worker);
    }
    dead.len()
}

/// Removes the control groups of this worker, which has ended all its runs.
pub(crate) fn leave_groups() {
    group::remove_worker(this_process());
}

/// This process, as [`PROCESS`] names it.
pub(crate) fn this_process() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| proc::identity(getpid()).unwrap_or_default())
}

/// Kills what carries the mark when it is dropped while the run still goes on.
pub(super) struct Leash {
    mark: Mark,
    /// It has a control group, and nothing had been started before it was in it.
    contained: bool,
    slack: bool,
}

impl Leash {
    pub(super) fn new(mark: Mark) -> Self {
        Self {
            mark,
            contained: false,
            slack: false,
        }
    }

    pub(super) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Puts the run's first process into a control group of the run's own, where the kernel lets us.
    pub(super) fn hold(&mut self, pid: Option<u32>) {
        let pid = pid.and_then(|pid| Pid::from_raw(pid.cast_signed()));
        self.contained =
            pid.is_some_and(|pid| self.mark.groups.create_with(pid) && self.mark.is_alone(pid));
    }

    /// Whether it is known at once that nothing is left of the run. To leave its group takes a tool that means to.
    pub(super) fn is_over(&self, tool_used: bool) -> bool {
        self.contained && !tool_used && self.mark.groups.is_empty()
    }

    /// Nothing is left to be killed.
    pub(super) fn release(&mut self) {
        self.slack = true;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        // No waiting here: a few rounds catch what is started meanwhile.
        let rounds = if self.slack { 0 } else { 5 };
        for _ in 0..rounds {
            self.mark.signal_now(Signal::KILL);
        }
        self.mark.groups.remove_own();
    }
}

/// Reading /proc blocks.
async fn blocking<T: Default + Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

#[cfg(test)]
mod tests;
