//! The folder that holds the private folders of a worker's runs, and those that dead workers left behind.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use tracing::warn;

const PREFIX: &str = "longshore-runs-";
const LOCK: &str = "lock";

/// Removed with the worker. While that lives, it holds the lock in it.
pub(crate) struct Runs {
    /// Without symbolic links.
    path: PathBuf,
    _folder: TempDir,
    _lock: File,
}

impl Runs {
    /// A new folder, after removing those whose worker is dead: they hold prompts and transcripts.
    pub(crate) fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        for dead in abandoned(&parent) {
            if let Err(error) = fs::remove_dir_all(&dead) {
                warn!(folder = %dead.display(), %error, "what a dead worker left stays behind");
            }
        }
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
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

/// Folders of this kind whose lock nobody holds.
fn abandoned(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|folder| {
            // One without a lock is being made at this moment.
            let lock = File::open(folder.join(LOCK));
            lock.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_is_abandoned() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["held", "dead"] {
            let folder = parent.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&folder).unwrap();
            File::create(folder.join(LOCK)).unwrap();
        }
        fs::create_dir(parent.path().join(format!("{PREFIX}new"))).unwrap();
        fs::create_dir(parent.path().join("other")).unwrap();
        let lock = File::open(parent.path().join(format!("{PREFIX}held/{LOCK}"))).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        assert_eq!(
            abandoned(parent.path()),
            [parent.path().join(format!("{PREFIX}dead"))]
        );
    }
}
