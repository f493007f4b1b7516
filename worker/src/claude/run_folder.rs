//! The folder of one attempt: the CLI's home, configuration and temporary files.
//!
//! Folders cost more than all else that a run needs of the file system, so there are no more of them than must be: the
//! CLI makes that of its configuration by itself.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use longshore_shared::id::{ExecutionKey, SessionId};

/// A folder that only this user can read, removed when dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, empty, below `root`, which is an absolute path without symbolic links.
    pub(crate) fn create(root: &Path, key: ExecutionKey, attempt: u32) -> io::Result<Self> {
        let path = root.join(format!("{}-{attempt}", key.execution));
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        match builder.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                remove(&path);
                builder.create(&path)?;
            }
            made => made?,
        }
        let folder = Self { path };
        builder.create(folder.home())?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// HOME.
    pub(crate) fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    /// CLAUDE_CONFIG_DIR: the CLI keeps transcripts of new sessions below it.
    pub(crate) fn config(&self) -> PathBuf {
        self.path.join("config")
    }

    /// TMPDIR: the folder itself.
    pub(crate) fn tmp(&self) -> &Path {
        &self.path
    }

    /// Where a transcript is put for `--resume`. The CLI appends to it only if it is named after the session.
    pub(crate) fn restored(&self, session: SessionId) -> PathBuf {
        self.path.join(format!("{session}.jsonl"))
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.path);
        match tokio::runtime::Handle::try_current() {
            // It may hold gigabytes.
            Ok(runtime) => drop(runtime.spawn_blocking(move || remove(&path))),
            Err(_) => remove(&path),
        }
    }
}

/// Removes what is there, also from folders that the CLI's tools made read-only.
fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_ok() || !path.exists() {
        return;
    }
    make_writable(path);
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "a run's folder could not be removed");
    }
}

fn make_writable(folder: &Path) {
    // What fails here fails again, and is told, when the folder is removed.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use longshore_shared::id::ExecutionId;

    use super::*;

    #[test]
    fn is_private_and_goes_away_with_all_that_is_inside() {
        let root = tempfile::tempdir().unwrap();
        let key = ExecutionKey {
            session: SessionId::generate(),
            execution: ExecutionId::generate(),
        };
        let folder = RunFolder::create(root.path(), key, 1).unwrap();
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let sealed = folder.tmp().join("a/b");
        fs::create_dir_all(&sealed).unwrap();
        fs::write(sealed.join("file"), "x").unwrap();
        fs::set_permissions(&sealed, Permissions::from_mode(0o500)).unwrap();
        fs::set_permissions(sealed.parent().unwrap(), Permissions::from_mode(0o000)).unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
