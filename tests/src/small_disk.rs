//! A worker whose folders are on a small disk that only it sees.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use uuid::Uuid;

use crate::process::Process;
use crate::server::Server;
use crate::services::program;

/// What is on the disk besides what fills it must fit.
const BYTES: usize = 4 << 20;
const FILES: usize = 400;

/// A disk as this test sees it. It is gone with its worker.
pub struct SmallDisk {
    root: PathBuf,
}

impl Server {
    /// Starts one more worker, on a small disk. `None` where none can be mounted, which takes root.
    pub async fn start_worker_on_a_small_disk(&mut self) -> Option<SmallDisk> {
        let mount = self.state().with_file_name("disk");
        fs::create_dir(&mount).expect("a folder can be made");
        let mounts = format!("mount -t tmpfs -o size={BYTES},nr_inodes={FILES} tmpfs \"$1\"");
        if !can_mount(&mounts, &mount) {
            return None;
        }
        let mut environment = self.environment();
        for (name, below) in [
            ("TMPDIR", ""),
            ("LONGSHORE_WORKSPACES", "workspaces"),
            ("LONGSHORE_STATE", "state"),
        ] {
            let folder = mount.join(below).display().to_string();
            environment.push((name.to_owned(), folder));
        }
        let script = format!("{mounts} && exec \"$2\"");
        let worker = program("longshore-worker");
        let args = arguments(&script, &mount, &worker);
        let worker = Process::start("worker", Path::new("unshare"), &args, &environment);
        worker.word_after(r#""taking jobs""#).await;
        let seen = mount.strip_prefix("/").expect("it is absolute");
        let root = PathBuf::from(format!("/proc/{}/root", worker.id())).join(seen);
        self.workers.push(worker);
        Some(SmallDisk { root })
    }
}

fn can_mount(mounts: &str, mount: &Path) -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(arguments(mounts, mount, Path::new("")));
    let output = unshare.output().expect("util-linux is installed");
    output.status.success()
}

fn arguments(script: &str, mount: &Path, worker: &Path) -> Vec<String> {
    let (mount, worker) = (mount.display().to_string(), worker.display().to_string());
    ["--mount", "sh", "-c", script, "sh", &mount, &worker]
        .map(str::to_owned)
        .to_vec()
}

impl SmallDisk {
    /// No byte can be written any more, and no file be made, until something is removed.
    pub fn fill(&self) {
        let folder = self.root.join("filler");
        fs::create_dir_all(&folder).expect("there is room for a folder");
        let file = || File::create_new(folder.join(Uuid::new_v4().to_string()));
        let mut filler = file().expect("there is room for a file");
        while filler.write_all(&[0; 4096]).is_ok() {}
        while file().is_ok() {}
    }

    /// There is room again.
    pub fn make_room(&self) {
        fs::remove_dir_all(self.root.join("filler")).expect("it can be removed");
    }
}
