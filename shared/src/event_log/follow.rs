//! Following an execution: its record from any place, then live, then its end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::splice::Splice;
use super::{EventLog, Followed, Signal, Subscription};
use crate::error::Unavailable;
use crate::id::{EventId, ExecutionKey};
use crate::metrics::SPLICE_REREADS;
use crate::retry::Backoff;

/// How often a silent stream is compared with the log's top; it bounds how late a lost last message is found.
const TAIL_CHECK: Duration = Duration::from_secs(5);

/// Events read at once.
const PAGE: usize = 500;

/// Follows an execution from after `after`, or from its start.
///
/// Subscribes before it reads, so that nothing falls between record and live stream.
pub async fn follow(
    log: Arc<dyn EventLog>,
    key: ExecutionKey,
    after: Option<EventId>,
) -> Result<Follower, Unavailable> {
    let live = log.subscribe(key).await?;
    Ok(Follower {
        log,
        key,
        live,
        splice: Splice::new(after),
        ready: VecDeque::new(),
        check_at: Instant::now() + TAIL_CHECK,
        backoff: Backoff::default(),
    })
}

/// A stream of one execution's events: each recorded one exactly once and in order, then nothing after its `end`.
///
/// It is pulled: a reader that is slow costs a bounded queue and, when that overflows, reads from the record.
pub struct Follower {
    log: Arc<dyn EventLog>,
    key: ExecutionKey,
    live: Subscription,
    splice: Splice,
    ready: VecDeque<Followed>,
    check_at: Instant,
    backoff: Backoff,
}

impl Follower {
    /// The next event; `None` after the end. Waits as long as nothing happens; cancel safe.
    ///
    /// An outage of the log only delays: it is read again, with a growing pause, until it answers.
    pub async fn next(&mut self) -> Option<Followed> {
        loop {
            if let Some(followed) = self.ready.pop_front() {
                return Some(followed);
            }
            if self.splice.done() {
                return None;
            }
            if self.splice.reading() {
                self.read().await;
            } else {
                self.listen().await;
            }
        }
    }

    /// What can be given without waiting.
    pub fn next_ready(&mut self) -> Option<Followed> {
        self.ready.pop_front()
    }

    async fn read(&mut self) {
        match self.log.read(self.key, self.splice.cursor(), PAGE).await {
            Ok(page) => {
                self.backoff.reset();
                self.splice.page(page, &mut self.ready);
            }
            Err(error) => self.pause(&error).await,
        }
        self.check_at = Instant::now() + TAIL_CHECK;
    }

    async fn listen(&mut self) {
        tokio::select! {
            signal = self.live.recv() => match signal {
                Signal::Batch(batch) => {
                    self.splice.batch(&batch, &mut self.ready);
                    self.reread("hole");
                    self.check_at = Instant::now() + TAIL_CHECK;
                }
                Signal::Doubt => {
                    self.splice.doubt();
                    self.reread("doubt");
                }
            },
            () = sleep_until(self.check_at) => self.check_tail().await,
        }
    }

    async fn check_tail(&mut self) {
        match self.log.top(self.key).await {
            Ok(top) => {
                self.splice.top(top);
                self.reread("tail");
            }
            Err(error) => self.pause(&error).await,
        }
        self.check_at = Instant::now() + TAIL_CHECK;
    }

    /// Counts where listening ended for a reason to read again.
    fn reread(&self, reason: &str) {
        if self.splice.reading() {
            SPLICE_REREADS.count([("reason", reason)]);
        }
    }

    async fn pause(&mut self, error: &Unavailable) {
        warn!(execution = %self.key.execution, %error, "cannot read the log; will try again");
        tokio::time::sleep(self.backoff.next_delay()).await;
    }
}

/// The record after `after`, with gaps as a follower is told them: at most `limit` events, and few more than `bytes`.
///
/// # Errors
/// When the log does not answer.
pub async fn replay(
    log: &dyn EventLog,
    key: ExecutionKey,
    after: Option<EventId>,
    limit: usize,
    bytes: usize,
) -> Result<VecDeque<Followed>, Unavailable> {
    let (mut splice, mut out) = (Splice::of_record(after), VecDeque::new());
    let (mut events, mut size) = (0, 0);
    while splice.reading() && events < limit && size < bytes {
        let page = log.read(key, splice.cursor(), limit - events).await?;
        events += page.events.len();
        size += page
            .events
            .iter()
            .map(|event| event.frame.len())
            .sum::<usize>();
        splice.page(page, &mut out);
    }
    Ok(out)
}

/// The record before `before`, the newest first; what is no longer kept is told last. Bounded as [`replay`] is.
///
/// # Errors
/// When the log does not answer.
pub async fn replay_back(
    log: &dyn EventLog,
    key: ExecutionKey,
    before: Option<EventId>,
    limit: usize,
    bytes: usize,
) -> Result<VecDeque<Followed>, Unavailable> {
    let (mut out, mut size, mut cursor) = (VecDeque::new(), 0, before);
    while out.len() < limit && size < bytes {
        let page = log.read_back(key, cursor, limit - out.len()).await?;
        for event in page.events {
            cursor = event.id;
            size += event.frame.len();
            out.push_back(Followed::Event(event));
        }
        if !page.more {
            out.extend(gap_at_start(log, key).await?);
            break;
        }
    }
    Ok(out)
}

/// What a reader is told who has come to the oldest event and has not seen all.
async fn gap_at_start(
    log: &dyn EventLog,
    key: ExecutionKey,
) -> Result<Option<Followed>, Unavailable> {
    let page = log.read(key, None, 1).await?;
    Ok(page.trimmed.map(|_| Followed::Gap {
        requested: None,
        earliest: page.earliest,
        latest: page.top.last,
    }))
}
