//! The folders that executions run in.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use longshore_shared::execution::{ErrorCode, ExecutionError};
use longshore_shared::id::WorkspaceId;
use rustix::fs::{Access, access};

/// One folder that holds one folder per workspace.
#[derive(Debug, Clone)]
pub(crate) struct Workspaces {
    root: PathBuf,
}

impl Workspaces {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The workspace's folder, made where it is missing; absolute, without symbolic links.
    pub(crate) async fn prepare(&self, id: &WorkspaceId) -> Result<PathBuf, ExecutionError> {
        let (root, name) = (self.root.clone(), id.clone());
        let prepared = tokio::task::spawn_blocking(move || prepare(&root, name.as_str())).await;
        let reason = match prepared {
            Ok(Ok(path)) => return Ok(path),
            Ok(Err(reason)) => reason,
            Err(_) => "it could not be looked at".to_owned(),
        };
        let message = format!("the folder of workspace `{id}` cannot be used: {reason}");
        Err(ExecutionError::new(
            ErrorCode::WorkspaceUnavailable,
            message,
        ))
    }
}

/// The error is a reason for clients: it names no path of this machine.
fn prepare(root: &Path, name: &str) -> Result<PathBuf, String> {
    fs::create_dir_all(root).map_err(|error| cause(&error))?;
    let root = root.canonicalize().map_err(|error| cause(&error))?;
    let wanted = root.join(name);
    match DirBuilder::new().mode(0o755).create(&wanted) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(cause(&error)),
        _ => {}
    }
    let real = wanted.canonicalize().map_err(|error| cause(&error))?;
    if real != wanted {
        // Else one workspace could be made to stand for another, or for any folder of the host.
        return Err("it is a symbolic link".to_owned());
    }
    if !real.is_dir() {
        return Err("it is a file".to_owned());
    }
    let needed = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    access(&real, needed).map_err(|error| cause(&error.into()))?;
    Ok(real)
}

fn cause(error: &io::Error) -> String {
    error.kind().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn prepared(root: &Path, id: &str) -> Result<PathBuf, String> {
        let result = Workspaces::new(root).prepare(&id.parse().unwrap()).await;
        result.map_err(|error| {
            assert_eq!(error.code, ErrorCode::WorkspaceUnavailable);
            error.message
        })
    }

    #[tokio::test]
    async fn makes_the_folder_once() {
        let root = tempfile::tempdir().unwrap();
        let nested = root.path().join("work/spaces");
        let first = prepared(&nested, "a").await.unwrap();
        assert!(first.is_absolute() && first.is_dir());
        fs::write(first.join("kept"), "x").unwrap();
        assert_eq!(prepared(&nested, "a").await.unwrap(), first);
        assert!(first.join("kept").exists());
    }

    #[tokio::test]
    async fn refuses_files_and_links() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink("/", root.path().join("outside")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("broken")).unwrap();
        assert!(
            prepared(root.path(), "file")
                .await
                .unwrap_err()
                .ends_with("it is a file")
        );
        assert!(
            prepared(root.path(), "outside")
                .await
                .unwrap_err()
                .ends_with("symbolic link")
        );
        assert!(prepared(root.path(), "broken").await.is_err());
        assert!(prepared(&root.path().join("file"), "x").await.is_err());
    }
}
