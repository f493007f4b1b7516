//! Control groups: where the kernel lets a worker make some, each attempt has one. What clears its environment and
//! leaves its parent is in it still.
//!
//! They lie below the worker's own group: `longshore-{worker}/{execution}.{attempt}.`, cgroups(7), version 2.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::Pid;

use super::{proc, this_process};

const PREFIX: &str = "longshore-";

/// The file that lists a group's processes, and takes one in that writes `0` to it.
const MEMBERS: &str = "cgroup.procs";

/// The file that tells whether there is a process in the group, or in one within.
const EVENTS: &str = "cgroup.events";

/// Which groups are meant, by the beginning of their names.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    /// Below this worker's folder; below every worker's without.
    pub(super) worker: Option<String>,
    pub(super) prefix: String,
}

impl Groups {
    /// Makes the one group that is meant, below this worker's folder, and puts a process into it; `false` where that is
    /// not permitted.
    pub(super) fn create_with(&self, pid: Pid) -> bool {
        let Some(folder) = self.folder() else {
            return false;
        };
        let number = pid.as_raw_nonzero().to_string();
        let made = make(&folder).and_then(|()| fs::write(folder.join(MEMBERS), number));
        made.inspect_err(|error| tracing::debug!(%error, "a run without a control group"))
            .is_ok()
    }

    /// Whether the one group that is meant holds no process; `false` where nobody can tell.
    pub(super) fn is_empty(&self) -> bool {
        let folder = self.folder();
        let events = folder.and_then(|folder| fs::read_to_string(folder.join(EVENTS)).ok());
        events.is_some_and(|events| events.lines().any(|line| line == "populated 0"))
    }

    fn folder(&self) -> Option<PathBuf> {
        Some(base()?.join(name(this_process())).join(&self.prefix))
    }

    /// The processes in them.
    pub(super) fn pids(&self) -> Vec<Pid> {
        let mut pids = Vec::new();
        for folder in self.folders() {
            add_members(&folder, &mut pids);
        }
        pids
    }

    /// Removes the one group that is meant, if it is empty.
    pub(super) fn remove_own(&self) {
        if let Some(folder) = self.folder() {
            remove(&folder);
        }
    }

    fn folders(&self) -> Vec<PathBuf> {
        let workers = match (&self.worker, base()) {
            (_, None) => Vec::new(),
            (Some(worker), Some(base)) => vec![base.join(name(worker))],
            (None, Some(base)) => children(base, PREFIX),
        };
        let groups = workers
            .iter()
            .flat_map(|worker| children(worker, &self.prefix));
        groups.collect()
    }
}

/// Workers that have groups here and are dead.
pub(super) fn dead_workers() -> Vec<String> {
    let workers = base()
        .map(|base| children(base, PREFIX))
        .unwrap_or_default();
    let workers = workers.iter().filter_map(|folder| worker(folder));
    workers.filter(|worker| proc::is_dead(worker)).collect()
}

/// Removes the folder of a worker that has no processes any more.
pub(super) fn remove_worker(worker: &str) {
    if let Some(base) = base() {
        remove(&base.join(name(worker)));
    }
}

/// This process's own group.
fn base() -> Option<&'static Path> {
    static BASE: OnceLock<Option<PathBuf>> = OnceLock::new();
    BASE.get_or_init(|| {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        own_group(&mounts, &groups)
    })
    .as_deref()
}

/// From proc_pid_mountinfo(5), whose fourth and fifth fields are a mount's root and place, and from cgroups(7), whose line
/// of version 2 is `0::{path}`.
fn own_group(mounts: &str, groups: &str) -> Option<PathBuf> {
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    let mut fields = mount.split(' ').skip(3);
    let (root, place) = (fields.next()?, fields.next()?);
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let path = Path::new(path).strip_prefix(root).ok()?;
    Some(Path::new(place).join(path))
}

/// `pid:[4026531836]/12/345` as a name of a folder.
fn name(worker: &str) -> String {
    let numbers = worker.split(|c: char| !c.is_ascii_digit());
    let numbers: Vec<_> = numbers.filter(|number| !number.is_empty()).collect();
    format!("{PREFIX}{}", numbers.join("-"))
}

fn worker(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    let (namespace, process) = name.split_once('-')?;
    let (pid, started) = process.split_once('-')?;
    Some(format!("pid:[{namespace}]/{pid}/{started}"))
}

fn children(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect()
}

/// Makes a folder, and the one it lies in where that is missing.
fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// A tool may have made groups of its own within.
fn add_members(folder: &Path, pids: &mut Vec<Pid>) {
    let members = fs::read_to_string(folder.join(MEMBERS)).unwrap_or_default();
    let numbers = members.lines().filter_map(|line| line.parse().ok());
    pids.extend(numbers.filter_map(Pid::from_raw));
    for inner in children(folder, "") {
        add_members(&inner, pids);
    }
}

fn remove(folder: &Path) {
    if fs::remove_dir(folder).is_ok() {
        return;
    }
    for inner in children(folder, "") {
        remove(&inner);
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::debug!(folder = %folder.display(), %error, "a control group stays behind");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found_below_its_mount() {
        let mounts = "29 1 0:26 / /sys rw - sysfs s rw\n41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 c rw\n";
        let inner = "41 31 0:38 /docker/x /sys/fs/cgroup rw shared:9 - cgroup2 c rw\n";
        for (mounts, groups, found) in [
            (mounts, "9:pids:/\n0::/\n", Some("/sys/fs/cgroup/")),
            (mounts, "0::/a.slice/b\n", Some("/sys/fs/cgroup/a.slice/b")),
            (inner, "0::/docker/x/y\n", Some("/sys/fs/cgroup/y")),
            (inner, "0::/other\n", None),
            (mounts, "9:pids:/\n", None),
            ("29 1 0:26 / /sys rw - sysfs s rw\n", "0::/\n", None),
        ] {
            assert_eq!(
                own_group(mounts, groups),
                found.map(PathBuf::from),
                "{groups}"
            );
        }
    }

    #[test]
    fn a_folder_names_its_worker() {
        let process = "pid:[4026531836]/12/345";
        assert_eq!(name(process), "longshore-4026531836-12-345");
        assert_eq!(worker(Path::new(&name(process))).as_deref(), Some(process));
    }
}
