//! Starts the CLI.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Stdio;

use tokio::process::{ChildStdout, Command};

use super::command::{arguments, user_line};
use super::environment::environment;
use super::marks::{Leash, Mark};
use super::sandbox::{self, CommandLine};
use super::stderr::Stderr;
use super::stdin::Stdin;
use super::{Spec, program};
use crate::outcome::StartFailure;

/// A CLI that runs, its prompt on the way to it.
pub(super) struct Child {
    pub(super) process: tokio::process::Child,
    pub(super) stdin: Option<Stdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<Stderr>,
    pub(super) leash: Leash,
}

/// Starts the CLI of a job. What an earlier attempt left on this host is killed first; the first has none before it, also
/// where the store had forgotten the execution: that begins with a higher number.
///
/// It is started as it is, with nothing of ours between fork and exec: a worker that must be copied for that takes longer
/// to start a program than to do all the rest. So it enters its control group a moment later, and before it has its
/// prompt.
pub(super) async fn start(spec: &Spec<'_>) -> Result<Child, StartFailure> {
    if spec.attempt > 1 {
        Mark::execution(spec.job.execution_id).kill_all().await;
    }
    let mut command = command(spec).await?;
    let mut leash = Leash::new(spec.mark());
    let mut process = command.spawn().map_err(could_not_start)?;
    leash.hold(process.id());
    let stdin = process.stdin.take().map(Stdin::new);
    if let Some(stdin) = &stdin {
        stdin.send(user_line(spec.job));
    }
    let (stdout, stderr) = (
        process.stdout.take(),
        process.stderr.take().map(Stderr::new),
    );
    Ok(Child {
        process,
        stdin,
        stdout,
        stderr,
        leash,
    })
}

async fn command(spec: &Spec<'_>) -> Result<Command, StartFailure> {
    let environment = environment(spec);
    let wanted = &spec.settings.claude_bin;
    let search = environment
        .get(OsStr::new("PATH"))
        .map_or_else(OsString::new, OsString::clone);
    let search = search.as_os_str();
    let program = program::find(wanted, search)
        .ok_or_else(|| StartFailure::NotFound(wanted.display().to_string()))?;
    let cli = CommandLine {
        program,
        arguments: arguments(spec).await.map_err(could_not_start)?,
    };
    let line = sandbox::around(cli, spec, search).map_err(|missing| {
        StartFailure::CouldNotStart(format!("{missing}, which is to contain it, was not found"))
    })?;
    let mut command = Command::new(line.program);
    command
        .args(line.arguments)
        .env_clear()
        .envs(environment)
        .current_dir(spec.workspace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

fn could_not_start(error: io::Error) -> StartFailure {
    StartFailure::CouldNotStart(error.to_string())
}
