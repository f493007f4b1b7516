//! The folder that holds the private folders of a worker's runs, and those that dead workers left behind.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use tracing::warn;

const PREFIX: &str = "longshore-runs-";
const LOCK: &str = "lock";
/// What it is called until it is held.
const UNNAMED: &str = "lock.new";

/// Removed with the worker. While that lives, it holds the lock in it.
pub(crate) struct Runs {
    /// Without symbolic links.
    path: PathBuf,
    _folder: TempDir,
    _lock: File,
}

impl Runs {
    /// A new folder, after removing those whose worker is dead: they hold prompts and transcripts.
    ///
    /// # Errors
    /// When the system's folder for temporary files takes none.
    pub(crate) fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        for (dead, error) in remove_abandoned(&parent) {
            warn!(folder = %dead.display(), %error, "what a dead worker left stays behind");
        }
        Self::create_in(&parent)
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        // Others may start at this moment, and look. What has its name is held.
        let unnamed = folder.path().join(UNNAMED);
        let lock = File::create(&unnamed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self {
            path: folder.path().canonicalize()?,
            _folder: folder,
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes folders whose lock nobody holds; gives those that stay, and why.
fn remove_abandoned(parent: &Path) -> Vec<(PathBuf, io::Error)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter_map(|folder| {
            // Held until it is removed: of workers that start together one does it.
            let _lock = unheld(&folder)?;
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Some((folder, error)),
                _ => None,
            }
        })
        .collect()
}

/// The lock of a folder, if nobody held it. One without a lock is being made at this moment.
fn unheld(folder: &Path) -> Option<File> {
    let lock = File::open(folder.join(LOCK)).ok()?;
    let taken = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    taken.is_ok().then_some(lock)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn abandon(parent: &Path, name: &str) -> PathBuf {
        let folder = parent.join(format!("{PREFIX}{name}"));
        fs::create_dir(&folder).unwrap();
        File::create(folder.join(LOCK)).unwrap();
        folder
    }

    #[test]
    fn only_what_nobody_holds_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let held = Runs::create_in(parent.path()).unwrap();
        let dead = abandon(parent.path(), "dead");
        let new = parent.path().join(format!("{PREFIX}new"));
        let other = parent.path().join("other");
        fs::create_dir(&new).unwrap();
        fs::create_dir(&other).unwrap();
        let failed = remove_abandoned(parent.path());
        assert!(failed.is_empty(), "{failed:?}");
        assert!(!dead.exists());
        assert!(held.path().exists() && new.exists() && other.exists());
    }

    #[test]
    fn workers_may_start_together() {
        let parent = tempfile::tempdir().unwrap();
        for dead in 0..200 {
            abandon(parent.path(), &dead.to_string());
        }
        let start = || {
            for _ in 0..50 {
                let failed = remove_abandoned(parent.path());
                assert!(failed.is_empty(), "{failed:?}");
                let own = Runs::create_in(parent.path()).expect("nobody else locks it");
                assert!(own.path().join(LOCK).exists(), "nobody removes it");
            }
        };
        thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(start))));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
