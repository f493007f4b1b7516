//! Starts the CLI.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::process::Stdio;

use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};
use tokio::process::{ChildStdout, Command};

use super::command::{arguments, user_line};
use super::environment::environment;
use super::marks::{Leash, Mark};
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

/// Starts the CLI of a job. What an earlier attempt left on this host is killed first.
pub(super) async fn start(spec: &Spec<'_>) -> Result<Child, StartFailure> {
    Mark::execution(spec.job.execution_id).kill_all().await;
    let mut command = command(spec).await?;
    let leash = Leash::new(spec.mark());
    if let Some(group) = leash.mark().make_group() {
        enter(&mut command, group);
    }
    let mut process = command.spawn().map_err(could_not_start)?;
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
        .map_or(OsStr::new(""), |path| path);
    let program = program::find(wanted, search)
        .ok_or_else(|| StartFailure::NotFound(wanted.display().to_string()))?;
    let mut command = Command::new(program);
    command
        .args(arguments(spec).await.map_err(could_not_start)?)
        .env_clear()
        .envs(environment)
        .current_dir(spec.workspace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    die_with_us(&mut command);
    Ok(command)
}

/// Has the kernel kill the CLI when this worker dies, however it dies.
///
/// The kernel takes "parent" to be the *thread* that forked. This is called from async code only: a runtime's own
/// threads live as long as the runtime, whereas a thread of `spawn_blocking` ends when it has been idle for some
/// seconds, and would take the CLI with it.
fn die_with_us(command: &mut Command) {
    let worker = getpid();
    #[expect(
        unsafe_code,
        reason = "only `pre_exec` runs in the child, where PR_SET_PDEATHSIG must be set"
    )]
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; these are two bare system calls.
    unsafe {
        command.pre_exec(move || tie_to(worker));
    }
}

fn tie_to(worker: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before the line above.
    if getppid() == Some(worker) {
        Ok(())
    } else {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// Has the CLI, and with it all that it starts, begin in a control group.
fn enter(command: &mut Command, group: File) {
    #[expect(
        unsafe_code,
        reason = "only `pre_exec` runs in the child, which must enter before it starts anything"
    )]
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; this is one bare system call.
    unsafe {
        command.pre_exec(move || {
            // One that may not enter is found by its mark all the same.
            let _ = rustix::io::write(&group, b"0");
            Ok(())
        });
    }
}

fn could_not_start(error: io::Error) -> StartFailure {
    StartFailure::CouldNotStart(error.to_string())
}
