//! The transcripts of sessions: what the CLI needs to continue a conversation, kept where every worker can reach it.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use longshore_shared::id::{ExecutionKey, SessionId};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use crate::claude::RunFolder;

/// For one transcript, of up to some tens of MB.
const PATIENCE: Duration = Duration::from_secs(60);

/// The setting names no place that transcripts can be kept in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidState {
    #[error(
        "`{0}:` is no kind of storage this program was built with; a folder or a file:// URL is needed"
    )]
    Unsupported(String),
    #[error("{0} cannot be used: {1}")]
    Unusable(String, String),
}

/// Why a transcript could not be fetched, kept or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TranscriptError {
    /// Trying again does not help.
    #[error("the transcript is not there")]
    Missing,
    /// It may be there another time.
    #[error("the storage of transcripts failed: {0}")]
    Unavailable(#[source] io::Error),
}

/// The storage of transcripts.
#[derive(Debug, Clone)]
pub(crate) struct Transcripts {
    store: Arc<dyn ObjectStore>,
}

impl Transcripts {
    /// Opens a folder, which is made where it is missing, or a URL.
    pub(crate) fn open(state: &str) -> Result<Self, InvalidState> {
        let folder = match state.split_once("://") {
            Some(("file", path)) => path,
            Some((scheme, _)) => return Err(InvalidState::Unsupported(scheme.to_owned())),
            None => state,
        };
        let unusable = |error: String| InvalidState::Unusable(folder.to_owned(), error);
        // Conversations are nobody else's business.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| unusable(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| unusable(error.to_string()))?;
        // A session whose file is empty after a power failure could not be continued.
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
        })
    }

    /// Fetches a transcript into a file that only this user can read; what an earlier try left there is replaced.
    pub(crate) async fn restore(&self, name: &str, into: &Path) -> Result<(), TranscriptError> {
        bounded(async {
            let found = self.store.get(&Name::from(name)).await.map_err(failure)?;
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(into)
                .await?;
            let mut chunks = found.into_stream();
            while let Some(chunk) = chunks.try_next().await.map_err(failure)? {
                file.write_all(&chunk).await?;
            }
            file.flush().await
        })
        .await
    }

    /// Keeps what the CLI wrote; `None` when it wrote nothing. The name is used for this attempt only, so that a
    /// worker that lost its lease can never replace the transcript that counts.
    pub(crate) async fn save(
        &self,
        key: ExecutionKey,
        attempt: u32,
        from: &RunFolder,
    ) -> Result<Option<String>, TranscriptError> {
        bounded(async {
            let Some(mut file) = written(from, key.session).await? else {
                return Ok(None);
            };
            let name = format!("sessions/{}/{}-{attempt}.jsonl", key.session, key.execution);
            let mut writer = BufWriter::new(Arc::clone(&self.store), Name::from(name.as_str()));
            match copy(&mut file, &mut writer).await {
                Ok(()) => Ok(Some(name)),
                Err(error) => {
                    // The first error tells more than that of tidying up.
                    let _ = writer.abort().await;
                    Err(error)
                }
            }
        })
        .await
    }

    /// Removes a session's transcripts but those to be kept.
    pub(crate) async fn prune(
        &self,
        session: SessionId,
        kept: &[&str],
    ) -> Result<(), TranscriptError> {
        bounded(async {
            let folder = Name::from(format!("sessions/{session}"));
            let found: Vec<_> = self
                .store
                .list(Some(&folder))
                .try_collect()
                .await
                .map_err(failure)?;
            for old in found
                .iter()
                .filter(|found| !kept.contains(&found.location.as_ref()))
            {
                self.store.delete(&old.location).await.map_err(failure)?;
            }
            Ok(())
        })
        .await
    }
}

async fn copy(file: &mut File, writer: &mut BufWriter) -> io::Result<()> {
    tokio::io::copy(file, writer).await?;
    writer.shutdown().await
}

/// The transcript of a run: the CLI goes on in the file that was restored, and else makes one named after the session
/// in a folder named after its working directory.
async fn written(folder: &RunFolder, session: SessionId) -> io::Result<Option<File>> {
    if let Some(file) = open(&folder.restored(session)).await? {
        return Ok(Some(file));
    }
    let mut projects = match tokio::fs::read_dir(folder.config().join("projects")).await {
        Ok(projects) => projects,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    while let Some(project) = projects.next_entry().await? {
        let path: PathBuf = project.path().join(format!("{session}.jsonl"));
        if let Some(file) = open(&path).await? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Opens a file that is not empty. Tools can write in that folder: nothing but a plain file is followed.
async fn open(path: &Path) -> io::Result<Option<File>> {
    match tokio::fs::symlink_metadata(path).await {
        Ok(found) if found.is_file() && found.len() > 0 => File::open(path).await.map(Some),
        Ok(_) => Ok(None),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn bounded<T>(work: impl Future<Output = io::Result<T>>) -> Result<T, TranscriptError> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => TranscriptError::Missing,
            _ => TranscriptError::Unavailable(error),
        })
}

fn failure(error: object_store::Error) -> io::Error {
    error.into()
}

#[cfg(test)]
mod tests;
