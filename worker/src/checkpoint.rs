//! Keeping the transcript while a run goes on: whoever has to run it again goes on from there.

use std::time::Duration;

use longshore_shared::id::EventId;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use crate::claude::{RunFolder, Stop};
use crate::conversation::Conversation;

/// Between two checkpoints, or more where they take long: a large transcript is copied whole.
const PAUSE: Duration = Duration::from_secs(5);

/// At most one part in so many of the time is spent on them.
const SHARE: u32 = 10;

/// Until an entry is looked for again: the CLI may write it a little later than it prints the line.
const SOON: Duration = Duration::from_millis(250);

/// A point in a run from where another attempt may go on: its tools have answered, and the model has not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Milestone {
    /// The event that shows it. What a transcript holds is not printed again, so it must be on record before.
    pub(crate) event: EventId,
    /// The last entry of the transcript that belongs to it.
    pub(crate) entry: String,
}

/// Where the milestones of a run come from, and what tells how far it is.
pub(crate) struct Course {
    pub(crate) milestones: watch::Receiver<Option<Milestone>>,
    pub(crate) recorded: watch::Receiver<Option<EventId>>,
    pub(crate) stop: watch::Receiver<Option<Stop>>,
}

/// Keeps the transcript of the newest milestone until there are no more; then once more, if the run is handed back.
pub(crate) async fn keep(conversation: Conversation<'_>, folder: &RunFolder, mut course: Course) {
    let mut kept = None;
    let mut due = Instant::now();
    loop {
        let over = course.next(kept.as_ref(), due).await;
        if over && !course.is_handed_back() {
            return; // The whole transcript is saved next.
        }
        let newest = course.milestones.borrow().clone();
        let Some(milestone) = newest.filter(|newest| kept.as_ref() != Some(newest)) else {
            return;
        };
        if !course.is_recorded(&milestone).await {
            return;
        }
        let began = Instant::now();
        if save(conversation, folder, &milestone).await {
            due = Instant::now() + PAUSE.max(SHARE * began.elapsed());
            kept = Some(milestone);
        } else {
            due = Instant::now() + SOON;
        }
        if over {
            return;
        }
    }
}

impl Course {
    /// Waits for a milestone that is not kept, and for its time; `true` when no more will come.
    async fn next(&mut self, kept: Option<&Milestone>, due: Instant) -> bool {
        loop {
            let waits = self.milestones.borrow().as_ref() != kept;
            tokio::select! {
                changed = self.milestones.changed() => if changed.is_err() {
                    return true;
                },
                () = sleep_until(due), if waits => return false,
            }
        }
    }

    fn is_handed_back(&self) -> bool {
        matches!(*self.stop.borrow(), Some(Stop::Drain | Stop::LeaseLost))
    }

    /// Waits until it is on record; `false` when it never will be, since the lease is lost.
    async fn is_recorded(&mut self, milestone: &Milestone) -> bool {
        let reached = |top: &Option<EventId>| *top >= Some(milestone.event);
        self.recorded.wait_for(reached).await.is_ok()
    }
}

/// One that fails costs an attempt that may never be: the next one will do.
async fn save(conversation: Conversation<'_>, folder: &RunFolder, milestone: &Milestone) -> bool {
    let (key, attempt) = (conversation.job.key(), conversation.attempt());
    let saving = conversation
        .transcripts
        .save_until(key, attempt, folder, &milestone.entry);
    match saving.await {
        Ok(Some(name)) => debug!(name, "kept"),
        Ok(None) => return false,
        Err(error) => warn!(%error, "cannot keep the transcript so far; will try again"),
    }
    true
}
