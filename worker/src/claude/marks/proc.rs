//! What /proc tells of processes. A process that is gone, or not ours to look at, tells nothing.

use std::fs::{self, File};
use std::io::Read;
use std::sync::OnceLock;

use rustix::process::Pid;

/// When a process was started: its place among the fields of `/proc/{pid}/stat`, counted from the state.
const START: usize = 19;

/// All processes.
pub(super) fn pids() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
}

/// Whether one of the process's variables is exactly `variable`, a `NAME=value`.
pub(super) fn carries(pid: Pid, variable: &[u8], buffer: &mut Vec<u8>) -> bool {
    read_environment(pid, buffer).any(|found| found == variable)
}

/// The value of a variable.
pub(super) fn variable(pid: Pid, name: &str, buffer: &mut Vec<u8>) -> Option<String> {
    let value = |found: &[u8]| {
        found
            .strip_prefix(name.as_bytes())?
            .strip_prefix(b"=")
            .map(<[u8]>::to_vec)
    };
    String::from_utf8(read_environment(pid, buffer).find_map(value)?).ok()
}

/// Whether the process is stopped, or has ended and is not reaped yet.
///
/// One that waits in the kernel stops when it comes back, if it was signalled. A parent that is starting a program by
/// vfork waits so for its child, and when that was stopped first, waits for as long.
pub(super) fn is_stopped(pid: Pid, signalled: bool) -> bool {
    match stat(pid, 0).as_deref() {
        Some("T" | "t" | "Z" | "X") | None => true,
        Some("D") => signalled,
        Some(_) => false,
    }
}

/// Whether the process, begun in this one's lifetime, is just being replaced by exec: for that moment, which on a busy
/// machine may be long, it has no environment, not even an empty one.
pub(super) fn is_in_exec(pid: Pid) -> bool {
    /// In `/proc/{pid}/stat`, proc_pid_stat(5), counted from the state: the flags, the environment's end.
    const FLAGS: usize = 6;
    const ENV_END: usize = 48;
    /// PF_KTHREAD: threads of the kernel have none either.
    const KERNEL_THREAD: u64 = 0x0020_0000;
    let Some(line) = stat_line(pid) else {
        return false;
    };
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let alive = !matches!(fields.first(), Some(&("Z" | "X")) | None);
    let kernel = number(FLAGS).is_none_or(|flags| flags & KERNEL_THREAD != 0);
    let young = number(START) >= our_start();
    alive && !kernel && young && is_ours(pid) && number(ENV_END) == Some(0)
}

/// When this process was started, in ticks since the machine was.
fn our_start() -> Option<u64> {
    static OURS: OnceLock<Option<u64>> = OnceLock::new();
    *OURS.get_or_init(|| stat(rustix::process::getpid(), START)?.parse().ok())
}

/// Whether we may look at it; of others' processes the kernel shows nothing.
fn is_ours(pid: Pid) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let us = rustix::process::geteuid();
    let owner = fs::metadata(format!("/proc/{}", pid.as_raw_nonzero())).map(|place| place.uid());
    us.is_root() || owner.is_ok_and(|owner| owner == us.as_raw())
}

/// All that were started after `pid`, in the order of their numbers; `None` where they are many, or nobody can tell.
pub(super) fn started_after(pid: Pid) -> Option<impl Iterator<Item = Pid>> {
    /// More than that are begun in a moment only where the machine is very busy.
    const MANY: i32 = 64;
    // The number given last is the fifth field, proc_loadavg(5).
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let last: i32 = load.split_whitespace().nth(4)?.parse().ok()?;
    let first = pid.as_raw_nonzero().get();
    let few = (first..=first.saturating_add(MANY)).contains(&last);
    few.then(|| (first + 1..=last).filter_map(Pid::from_raw))
}

/// A name for a process that no other has, also when its number is used again: its namespace of numbers, its number,
/// and when it was started.
pub(super) fn identity(pid: Pid) -> Option<String> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let started = stat(pid, START)?;
    Some(format!(
        "{}/{}/{started}",
        namespace.display(),
        pid.as_raw_nonzero()
    ))
}

/// Whether the process of that name is gone. In another namespace we cannot know, so it counts as alive.
pub(super) fn is_dead(name: &str) -> bool {
    let (Some(us), Some((process, _))) =
        (identity(rustix::process::getpid()), name.rsplit_once('/'))
    else {
        return false;
    };
    let Some((namespace, pid)) = process.rsplit_once('/') else {
        return false;
    };
    let pid = pid.parse().ok().and_then(Pid::from_raw);
    us.starts_with(&format!("{namespace}/"))
        && pid.is_some_and(|pid| identity(pid).as_deref() != Some(name))
}

/// A field of `/proc/{pid}/stat`, counted from the state.
fn stat(pid: Pid, field: usize) -> Option<String> {
    stat_line(pid)?
        .split_whitespace()
        .nth(field)
        .map(str::to_owned)
}

/// The fields of `/proc/{pid}/stat` from the state on.
fn stat_line(pid: Pid) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // They follow the name, which stands in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.to_owned())
}

fn read_environment(pid: Pid, buffer: &mut Vec<u8>) -> impl Iterator<Item = &[u8]> {
    buffer.clear();
    if let Ok(mut file) = File::open(format!("/proc/{}/environ", pid.as_raw_nonzero())) {
        // What could be read is looked at.
        let _ = file.read_to_end(buffer);
    }
    buffer.split(|byte| *byte == 0)
}
