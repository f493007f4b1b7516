//! Runs the Claude CLI for one job, from its start until nothing of it is left.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use longshore_shared::execution::CancelReason;
use longshore_shared::job::Job;
use tokio::sync::watch;

use crate::config::ClaudeSettings;
use crate::conversation::Resume;
use crate::outcome::Report;
use crate::stream_json::Peek;

mod child;
mod command;
mod environment;
mod marks;
mod program;
mod reader;
mod run_folder;
mod sandbox;
mod secrets;
mod seen;
mod stderr;
mod stdin;
mod supervisor;
#[cfg(test)]
mod tests;

pub(crate) use marks::{Mark, leave_groups, sweep, this_process};
pub(crate) use run_folder::RunFolder;
pub(crate) use sandbox::check as check_containment;
pub(crate) use seen::Seen;

/// The program of the Claude CLI, if there is one.
#[must_use]
pub fn find_claude(settings: &ClaudeSettings) -> Option<PathBuf> {
    program::find(&settings.claude_bin, &settings.search_path())
}

/// What is to be run, and where.
pub(crate) struct Spec<'a> {
    pub(crate) job: &'a Job,
    pub(crate) attempt: u32,
    pub(crate) settings: &'a ClaudeSettings,
    pub(crate) limits: Limits,
    /// Absolute path of the workspace; the CLI's working directory.
    pub(crate) workspace: &'a Path,
    pub(crate) folder: &'a RunFolder,
    /// What the CLI resumes; without it a new conversation begins.
    pub(crate) resume: Option<&'a Resume>,
    /// Stands in the environment of all that belongs to this worker.
    pub(crate) worker_id: &'a str,
    /// While `true` every process of the run is stopped and no time passes for it.
    pub(crate) frozen: watch::Receiver<bool>,
}

impl Spec<'_> {
    /// What all processes of this attempt carry.
    fn mark(&self) -> Mark {
        Mark::attempt(self.job.execution_id, self.attempt)
    }
}

/// How long a run may take, and its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of the whole run.
    pub(crate) total: Duration,
    /// Of silence while a turn goes on and no tool is open.
    pub(crate) stall: Duration,
    /// Between a result, or the end of the output, and the exit.
    pub(crate) linger: Duration,
    /// For each step of a stop.
    pub(crate) step: Duration,
    /// For output that is still in the pipe after the exit, when something keeps it open.
    pub(crate) rest: Duration,
}

impl Limits {
    /// The limits of a job. The CLI itself ends background work 5 s after its last result, and a shell that traps
    /// signals 1.5 s after an interrupt: the fixed ones leave room for that.
    pub(crate) fn of(job: &Job, settings: &ClaudeSettings) -> Self {
        Self {
            total: job.request.timeout(settings.execution_timeout),
            stall: settings.stall_timeout,
            linger: Duration::from_secs(15),
            step: Duration::from_secs(5),
            rest: Duration::from_secs(2),
        }
    }
}

/// Why a run must end before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Interrupted in good order, to be stored as cancelled.
    Cancel(CancelReason),
    /// Interrupted in good order, to be handed back.
    Drain,
    /// Killed at once: another worker may run it by now.
    LeaseLost,
}

/// Where the lines of a run go. While it waits, the CLI is not read any further, so that its pipe holds it back;
/// nothing is dropped, and the time does not count as silence.
#[async_trait]
pub(crate) trait LineSink: Send {
    /// Takes one line, of whatever kind, as the CLI printed it.
    async fn line(&mut self, line: &str, peek: &Peek<'_>);
}

/// Runs the CLI. When this returns, no process of the run is left, as far as the kernel allows within a few seconds;
/// when it is dropped, they are killed.
pub(crate) async fn run(
    spec: Spec<'_>,
    stop: watch::Receiver<Option<Stop>>,
    lines: &mut dyn LineSink,
) -> Report {
    let mut child = match child::start(&spec).await {
        Ok(child) => child,
        Err(failure) => {
            return Report {
                start_failure: Some(failure),
                ..Report::default()
            };
        }
    };
    let (seen, watched) = watch::channel(Seen::default());
    let stdout = child.stdout.take();
    let reading = async {
        reader::read(stdout, lines, &seen).await;
        std::future::pending::<Infallible>().await
    };
    let supervisor = supervisor::Supervisor::new(child, &spec, stop, watched);
    let ended = tokio::select! {
        ended = supervisor.run() => ended,
        never = reading => match never {},
    };
    Report {
        stopped: ended.stopped,
        exit: ended.exit,
        stderr: ended.stderr,
        ..seen.borrow().clone().into_report()
    }
}
