//! Publishing: events go to the log in order, as many at once as have gathered, and none is given up.

use std::sync::Arc;

use longshore_shared::error::LeaseError;
use longshore_shared::event::Event;
use longshore_shared::event_log::{Batch, EventLog};
use longshore_shared::id::EventId;
use longshore_shared::metrics::{APPEND_DURATION, BYTES_PUBLISHED, EVENTS_PUBLISHED};
use longshore_shared::retry::Backoff;
use longshore_shared::store::Lease;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument as _, debug_span, warn};

use crate::claude::Stop;
use crate::running::Handle;

mod recent;

use recent::Recent;

/// What waits for the log at most. Over it the CLI's output is not read, and the pipe holds the CLI.
const MAX_WAITING: usize = 8 << 20;

/// Events in one batch at most.
const MAX_BATCH: usize = 256;

/// The lease is lost: what was not recorded belongs to nobody.
#[derive(Debug)]
pub(crate) struct Lost;

/// Where one attempt's events go in.
pub(crate) struct Publisher {
    queue: mpsc::Sender<Item>,
    room: Arc<Semaphore>,
    recorded: watch::Receiver<Option<EventId>>,
    task: AbortOnDropHandle<Result<Published, Lost>>,
}

/// What the run has come to with an event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) turns: u32,
    pub(crate) tool_used: bool,
}

struct Item {
    event: Event,
    progress: Progress,
    /// Given back when the event is recorded.
    _room: OwnedSemaphorePermit,
}

impl Publisher {
    /// Publishes until it is closed or dropped. When the lease is lost the run is told.
    pub(crate) fn start(log: Arc<dyn EventLog>, lease: Lease, handle: Handle) -> Self {
        let (queue, items) = mpsc::channel(MAX_BATCH);
        let (top, recorded) = watch::channel(None);
        let published = Published {
            log,
            lease,
            recent: Recent::default(),
            progress: Progress::default(),
            last: None,
        };
        let publishing = async move {
            let published = published.all(items, top).await;
            if published.is_err() {
                handle.stop(Stop::LeaseLost);
            }
            published
        };
        let task = AbortOnDropHandle::new(tokio::spawn(publishing.in_current_span()));
        Self {
            queue,
            room: Arc::new(Semaphore::new(MAX_WAITING)),
            recorded,
            task,
        }
    }

    /// Takes an event; waits while too much waits already. After the lease is lost events are dropped.
    pub(crate) async fn send(&self, event: Event, progress: Progress) {
        let bytes = u32::try_from(event.frame.len().min(MAX_WAITING)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(bytes).await else {
            return;
        };
        let _ = self
            .queue
            .send(Item {
                event,
                progress,
                _room: room,
            })
            .await;
    }

    /// The newest event that the log has; closed when there will be no newer one.
    pub(crate) fn recorded(&self) -> watch::Receiver<Option<EventId>> {
        self.recorded.clone()
    }

    /// Waits until everything is recorded.
    pub(crate) async fn close(self) -> Result<Published, Lost> {
        drop(self.queue);
        self.task.await.unwrap_or(Err(Lost))
    }
}

/// What was published of an attempt, as far as it may be needed again.
pub(crate) struct Published {
    log: Arc<dyn EventLog>,
    lease: Lease,
    recent: Recent,
    progress: Progress,
    last: Option<EventId>,
}

impl Published {
    /// The last event that was recorded; the claim's own does not count.
    pub(crate) fn last(&self) -> Option<EventId> {
        self.last
    }

    /// A natural batch: what gathered while the one before was on its way.
    async fn all(
        mut self,
        mut items: mpsc::Receiver<Item>,
        recorded: watch::Sender<Option<EventId>>,
    ) -> Result<Self, Lost> {
        let mut batch = Vec::new(); // Most never fill one.
        while items.recv_many(&mut batch, MAX_BATCH).await > 0 {
            self.progress = batch
                .last()
                .map(|item: &Item| item.progress)
                .unwrap_or_default();
            let events: Vec<Event> = batch.iter().map(|item| item.event.clone()).collect();
            let span = debug_span!("append", events = events.len());
            self.append(events, false).instrument(span).await?;
            recorded.send_if_modified(|newest| {
                let grown = self.last > *newest;
                *newest = self.last;
                grown
            });
            batch.clear();
        }
        Ok(self)
    }

    /// Appends again what the log has lost, as far as it is kept here; followers of the rest are told of a gap.
    pub(crate) async fn again(&mut self, top: Option<EventId>) -> Result<(), Lost> {
        let events = self.recent.after(top);
        warn!(
            ?top,
            events = events.len(),
            "the log has lost its end; appending again"
        );
        if events.is_empty() {
            return Ok(());
        }
        Box::pin(self.append(events, true)).await
    }

    /// Sends a batch until the log has it. Sending again is harmless for what is recorded; token deltas are left out then,
    /// since they may have been published already.
    async fn append(&mut self, mut events: Vec<Event>, mut with_hole: bool) -> Result<(), Lost> {
        let mut backoff = Backoff::default();
        loop {
            let batch = Batch {
                events: &events,
                turns: self.progress.turns,
                tool_used: self.progress.tool_used,
                with_hole,
            };
            let asked = Instant::now();
            match self.log.append(&self.lease, &batch).await {
                Ok(()) => {
                    APPEND_DURATION.took(asked.elapsed());
                    EVENTS_PUBLISHED.add(events.len() as u64);
                    BYTES_PUBLISHED.add(events.iter().map(|event| event.frame.len() as u64).sum());
                    self.last = self
                        .last
                        .max(events.iter().filter_map(|event| event.id).max());
                    self.recent.note(events, Instant::now());
                    return Ok(());
                }
                Err(LeaseError::Lost) => return Err(Lost),
                Err(LeaseError::Behind(top)) => {
                    self.again(top).await?;
                    with_hole = true;
                    continue;
                }
                Err(LeaseError::Unavailable(error)) => {
                    warn!(%error, events = events.len(), "cannot append; will try again")
                }
            }
            events.retain(|event| event.id.is_some());
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }
}
