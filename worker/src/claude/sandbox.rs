//! What stands between a run and the machine: the command line that the CLI's own is put behind.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use longshore_shared::config::InvalidSetting;
use tokio::process::Command;
use tokio::time::timeout;

use super::{Spec, program};
use crate::config::ClaudeSettings;
use crate::config::containment::{ContainmentSettings, Sandbox};

/// Of the system a run sees its programs, and what they need to find names, certificates and time zones. The rest of
/// `/etc` may hold what is not for everybody.
const SYSTEM: [&str; 26] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/bash.bashrc",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/gitconfig",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki",
    "/etc/profile",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/timezone",
];

/// Namespaces of its own for all but the network, which leads to the API. It is the first process of one for processes:
/// when that ends, the kernel ends all that it has started.
const APART: [&str; 12] = [
    "--unshare-user-try",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--new-session",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
];

/// A program and what it is given.
pub(super) struct CommandLine {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// The CLI's command line behind those of its limits and its sandbox.
///
/// # Errors
/// The name of the program that is not there.
pub(super) fn around(
    cli: CommandLine,
    spec: &Spec<'_>,
    search: &OsStr,
) -> Result<CommandLine, String> {
    let containment = &spec.settings.containment;
    let apart = match containment.sandbox {
        Sandbox::None => cli,
        Sandbox::Bubblewrap => {
            let own = [spec.workspace, spec.folder.path()];
            let mut arguments = bubblewrap(containment, &cli.program, &own);
            arguments.extend(["--chdir".into(), spec.workspace.into(), "--".into()]);
            behind("bwrap", arguments, cli, search)?
        }
    };
    match limits(containment) {
        limits if limits.is_empty() => Ok(apart),
        limits => behind("prlimit", limits, apart, search),
    }
}

fn behind(
    name: &str,
    mut arguments: Vec<OsString>,
    inner: CommandLine,
    search: &OsStr,
) -> Result<CommandLine, String> {
    let program = program::find(Path::new(name), search).ok_or(name)?;
    arguments.push(inner.program.into());
    arguments.extend(inner.arguments);
    Ok(CommandLine { program, arguments })
}

/// Later ones lie over earlier ones: what a run may write to comes last.
fn bubblewrap(containment: &ContainmentSettings, cli: &Path, writable: &[&Path]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = APART.map(OsString::from).into();
    let mut bind = |how: &str, path: &Path| {
        arguments.extend([how.into(), path.into(), path.into()]);
    };
    for path in SYSTEM {
        bind("--ro-bind-try", Path::new(path));
    }
    for path in &containment.sandbox_readable {
        // One that is not there is found at the start.
        bind("--ro-bind", path);
    }
    bind("--ro-bind", cli);
    for path in writable {
        bind("--bind", path);
    }
    arguments
}

/// Of util-linux's `prlimit`. What a process only reserves does not count: the CLI reserves far more than it uses.
fn limits(containment: &ContainmentSettings) -> Vec<OsString> {
    let memory = containment.run_memory.map(|size| format!("--data={size}"));
    let processes = containment.run_processes;
    let processes = processes.map(|count| format!("--nproc={count}"));
    let limits = memory.into_iter().chain(processes);
    limits.map(OsString::from).collect()
}

/// How long a sandbox in which nothing is done may take: some milliseconds, where it works.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether runs can be started so: asked once, before any job is taken.
///
/// # Errors
/// When a program for it is missing, the kernel does not permit it, or it takes more than [`PATIENCE`].
pub(crate) async fn check(settings: &ClaudeSettings) -> Result<(), InvalidSetting> {
    let search = settings.search_path();
    let there = |name: &str, setting: &str| {
        program::find(Path::new(name), &search).ok_or_else(|| {
            InvalidSetting::new(
                setting,
                format_args!("{name} is needed, and is not in PATH"),
            )
        })
    };
    if !limits(&settings.containment).is_empty() {
        there("prlimit", "--run-memory, --run-processes")?;
    }
    if settings.containment.sandbox == Sandbox::None {
        return Ok(());
    }
    let bwrap = there("bwrap", "--sandbox bubblewrap")?;
    let nothing = there("true", "--sandbox bubblewrap")?;
    let tried = Command::new(bwrap)
        .args(bubblewrap(&settings.containment, &nothing, &[]))
        .arg("--")
        .arg(nothing)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let why = match timeout(PATIENCE, tried).await {
        Ok(Ok(output)) if output.status.success() => return Ok(()),
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("an empty one has not ended within {PATIENCE:?}"),
    };
    Err(InvalidSetting::new("--sandbox bubblewrap", why))
}
