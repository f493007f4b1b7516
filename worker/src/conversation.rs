//! What the CLI remembers: brought to it before a run, kept while the run goes on and after it.

use std::path::PathBuf;

use longshore_shared::execution::{ErrorCode, ExecutionError};
use longshore_shared::job::Job;
use longshore_shared::retry::Backoff;
use longshore_shared::store::Claimed;
use tracing::{error, info, warn};

use crate::claude::RunFolder;
use crate::context::Context;
use crate::transcript::{Kept, TranscriptError, Transcripts};

/// How often the storage is asked.
const TRIES: u32 = 5;

/// What an attempt's CLI begins with.
#[derive(Debug)]
pub(crate) struct Resume {
    /// A file in the run's own folder.
    pub(crate) transcript: PathBuf,
    /// It holds the beginning of this execution, which goes on from its end; else that of the session alone.
    pub(crate) continues: bool,
}

/// The transcripts of one attempt's session.
#[derive(Clone, Copy)]
pub(crate) struct Conversation<'a> {
    pub(crate) transcripts: &'a Transcripts,
    pub(crate) job: &'a Job,
    pub(crate) claimed: &'a Claimed,
}

impl<'a> Conversation<'a> {
    pub(crate) fn of(context: &'a Context, job: &'a Job, claimed: &'a Claimed) -> Self {
        Self {
            transcripts: &context.transcripts,
            job,
            claimed,
        }
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.claimed.lease.attempt
    }

    /// Puts the transcript where the CLI can resume it.
    pub(crate) async fn restore(
        &self,
        folder: &RunFolder,
    ) -> Result<Option<Resume>, ExecutionError> {
        let mut backoff = Backoff::default();
        for _ in 0..TRIES {
            match self.fetch(folder).await {
                Ok(resume) => return Ok(resume),
                Err(TranscriptError::Missing) => break,
                Err(TranscriptError::Unavailable(cause)) => {
                    warn!(%cause, "cannot read the transcript; will try again")
                }
            }
            tokio::time::sleep(backoff.next_delay()).await;
        }
        let message =
            "the session's transcript could not be read, so the conversation cannot be continued";
        Err(ExecutionError::new(ErrorCode::SessionNotResumable, message))
    }

    /// The checkpoint of an earlier attempt, else what the session's last execution left. A record that was made again
    /// after Redis had lost it does not know of that, and has an attempt far above 1.
    async fn fetch(&self, folder: &RunFolder) -> Result<Option<Resume>, TranscriptError> {
        let into = folder.restored(self.job.session_id);
        let kept = match self.attempt() {
            0..=1 => Kept::default(),
            _ => self.transcripts.kept(self.job.key()).await?,
        };
        if let Some(checkpoint) = kept.checkpoint {
            match self.transcripts.restore(&checkpoint, &into).await {
                Ok(()) => {
                    info!(checkpoint, "goes on from where an earlier attempt was");
                    return Ok(Some(Resume {
                        transcript: into,
                        continues: true,
                    }));
                }
                Err(TranscriptError::Missing) => {}
                Err(unavailable) => return Err(unavailable),
            }
        }
        let Some(name) = self.claimed.transcript.clone().or(kept.latest) else {
            return Ok(None);
        };
        self.transcripts.restore(&name, &into).await?;
        Ok(Some(Resume {
            transcript: into,
            continues: false,
        }))
    }

    /// Saves the transcript for the session's next execution. One that cannot be saved costs the session its memory of
    /// this turn, not this execution its result.
    pub(crate) async fn save(&self, folder: &RunFolder) -> Option<String> {
        let mut backoff = Backoff::default();
        for _ in 0..TRIES {
            let saving = self
                .transcripts
                .save(self.job.key(), self.attempt(), folder);
            match saving.await {
                Ok(name) => return name,
                Err(error) => warn!(%error, "cannot save the transcript; will try again"),
            }
            tokio::time::sleep(backoff.next_delay()).await;
        }
        error!("the transcript is not saved; the session goes on from the turn before");
        None
    }

    /// Removes the session's transcripts but the new one and the one that it replaced: a Redis that comes back without
    /// its last second points to that again.
    pub(crate) async fn prune(&self, new: Option<&str>) {
        let Some(new) = new else { return };
        let mut kept = vec![new];
        kept.extend(self.claimed.transcript.as_deref());
        if let Err(error) = self.transcripts.prune(self.job.session_id, &kept).await {
            warn!(%error, "old transcripts stay behind");
        }
    }
}
