//! The transcripts of sessions: what the CLI needs to continue a conversation, kept where every worker can reach it.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use longshore_shared::id::{ExecutionKey, SessionId};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::fs::OpenOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt};

use crate::claude::RunFolder;

mod written;

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

/// How the names of whole transcripts end, and of those that a run had come to.
const WHOLE: &str = ".jsonl";
const CHECKPOINT: &str = ".checkpoint.jsonl";

/// What there is to go on from, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Of the execution itself, from its newest attempt that has one.
    pub(crate) checkpoint: Option<String>,
    /// The newest whole transcript that another execution of the session left.
    pub(crate) latest: Option<String>,
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
            match written::open(from, key.session).await? {
                Some(file) => {
                    let name =
                        format!("{}/{}-{attempt}{WHOLE}", folder(key.session), key.execution);
                    self.put(file, name).await.map(Some)
                }
                None => Ok(None),
            }
        })
        .await
    }

    /// Keeps what the CLI has written up to the end of an entry, in the place of this attempt's earlier checkpoint;
    /// `None` when it has not written that yet.
    pub(crate) async fn save_until(
        &self,
        key: ExecutionKey,
        attempt: u32,
        from: &RunFolder,
        entry: &str,
    ) -> Result<Option<String>, TranscriptError> {
        bounded(async {
            let Some(mut file) = written::open(from, key.session).await? else {
                return Ok(None);
            };
            let Some(length) = written::length_until(&mut file, entry).await? else {
                return Ok(None);
            };
            let name = format!(
                "{}/{}-{attempt}{CHECKPOINT}",
                folder(key.session),
                key.execution
            );
            self.put(file.take(length), name).await.map(Some)
        })
        .await
    }

    async fn put(&self, mut from: impl AsyncRead + Unpin, name: String) -> io::Result<String> {
        let mut writer = BufWriter::new(Arc::clone(&self.store), Name::from(name.as_str()));
        if let Err(error) = tokio::io::copy(&mut from, &mut writer).await {
            // The first error tells more than that of tidying up.
            let _ = writer.abort().await;
            return Err(error);
        }
        // Where this fails it has tidied up by itself; then aborting panics.
        writer.shutdown().await?;
        Ok(name)
    }

    /// What is kept of an execution and of its session.
    pub(crate) async fn kept(&self, key: ExecutionKey) -> Result<Kept, TranscriptError> {
        bounded(async {
            let found = self.list(key.session).await?;
            let own = format!("{}-", key.execution);
            let attempt = |found: &&ObjectMeta| {
                let name = found.location.filename()?.strip_prefix(&own)?;
                name.strip_suffix(CHECKPOINT)?.parse::<u32>().ok()
            };
            let checkpoint = found.iter().filter(|found| attempt(found).is_some());
            let whole = found.iter().filter(|found| {
                let name = found.location.filename().unwrap_or_default();
                name.ends_with(WHOLE) && !name.ends_with(CHECKPOINT) && !name.starts_with(&own)
            });
            let name = |found: &ObjectMeta| found.location.to_string();
            Ok(Kept {
                checkpoint: checkpoint.max_by_key(attempt).map(name),
                latest: whole.max_by_key(|found| found.last_modified).map(name),
            })
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
            let found = self.list(session).await?;
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

    async fn list(&self, session: SessionId) -> io::Result<Vec<ObjectMeta>> {
        let folder = Name::from(folder(session));
        let found = self.store.list(Some(&folder));
        found.try_collect().await.map_err(failure)
    }
}

fn folder(session: SessionId) -> String {
    format!("sessions/{session}")
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
