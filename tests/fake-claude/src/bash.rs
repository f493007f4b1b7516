//! The Bash tool: a real `/bin/bash -c` in a session of its own, whose whole tree can be killed.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::{io, thread};

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::inbox::Event;
use crate::signals;

/// The real CLI cuts a command's output at about this many characters.
const MOST_OUTPUT: usize = 30_000;

pub(crate) struct Bash {
    pid: u32,
    stdout: File,
    stderr: File,
}

impl Bash {
    /// Starts the command; its end is announced as an event.
    pub(crate) fn start(command: &str, session: &str, ended: Sender<Event>) -> io::Result<Self> {
        // Not pipes: a child it leaves behind may hold them open for as long as it likes.
        let (stdout, stderr) = (memory()?, memory()?);
        let mut child = shell(command, session)
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()?;
        let pid = child.id();
        thread::spawn(move || ended.send(Event::ToolEnded(child.wait().ok())));
        Ok(Self {
            pid,
            stdout,
            stderr,
        })
    }

    /// What it wrote, without the trailing newline.
    pub(crate) fn output(&self) -> (String, String) {
        (written(&self.stdout), written(&self.stderr))
    }

    /// Kills it and whatever it started, also what has made itself a session of its own.
    pub(crate) fn kill_tree(&self) {
        let Ok(root) = i32::try_from(self.pid) else {
            return;
        };
        for pid in tree(root) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Leaves a process behind that outlives this one, with its environment and without its pipes.
pub(crate) fn leave_daemon(session: &str) -> io::Result<()> {
    let command = "setsid sleep 300 </dev/null >/dev/null 2>&1 &";
    let spawned = shell(command, session)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    spawned.and_then(|mut bash: Child| bash.wait()).map(drop)
}

#[expect(unsafe_code, reason = "pre_exec; both calls are async-signal-safe")]
fn shell(command: &str, session: &str) -> Command {
    let mut bash = Command::new("/bin/bash");
    bash.args(["-c", command]).stdin(Stdio::null());
    bash.env("CLAUDECODE", "1")
        .env("CLAUDE_CODE_SESSION_ID", session);
    unsafe {
        bash.pre_exec(|| {
            nix::unistd::setsid()?;
            Ok(signals::unblock()?)
        });
    }
    bash
}

fn memory() -> io::Result<File> {
    Ok(memfd_create("fake-claude-tool", MFdFlags::MFD_CLOEXEC)?.into())
}

/// Through a descriptor of its own, as the offset of the shared one is the writer's.
fn written(file: &File) -> String {
    use std::os::fd::AsRawFd;
    let mut bytes = Vec::new();
    let _ = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .and_then(|mut file| file.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    text.trim_end_matches('\n')
        .chars()
        .take(MOST_OUTPUT)
        .collect()
}

/// The process, its descendants and everything in their sessions.
fn tree(root: i32) -> Vec<i32> {
    let all = processes();
    let mut tree = vec![root];
    loop {
        let before = tree.len();
        for process in &all {
            let related = tree.contains(&process.parent) || tree.contains(&process.session);
            if related && !tree.contains(&process.pid) {
                tree.push(process.pid);
            }
        }
        if tree.len() == before {
            return tree;
        }
    }
}

struct Process {
    pid: i32,
    parent: i32,
    session: i32,
}

fn processes() -> Vec<Process> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    folders
        .filter_map(|folder| process(&folder.path().join("stat")))
        .collect()
}

fn process(stat: &std::path::Path) -> Option<Process> {
    let stat = std::fs::read_to_string(stat).ok()?;
    let pid = stat.split(' ').next()?.parse().ok()?;
    // The name may hold spaces and brackets; what follows its last bracket does not.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(1).map(str::parse);
    let parent = fields.next()?.ok()?;
    let session = fields.nth(1)?.ok()?;
    Some(Process {
        pid,
        parent,
        session,
    })
}
