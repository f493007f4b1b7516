//! The events of every execution: recorded in order, and live.

use std::io::Write as _;

use async_trait::async_trait;
use bytes::{Buf as _, Bytes};

use crate::error::{LeaseError, Unavailable};
use crate::event::Event;
use crate::id::{EventId, ExecutionKey};
use crate::store::Lease;

pub(crate) mod fanout;
mod follow;
pub mod memory;
pub mod redis;
mod splice;

#[doc(hidden)]
pub mod benching;

pub use fanout::{Signal, Subscription};
pub use follow::{Follower, follow, replay, replay_back};

/// The log of events.
///
/// Recorded events are kept in the order of their ids, each exactly once, until retention or the limit of events
/// takes the oldest. Live delivery is best effort: it may lose, and then says so or is found out by ids
/// ([`LiveBatch::after`]); [`follow()`] joins both to a stream without holes or repeats.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Records a batch and publishes it, in one step, for the holder of the lease.
    ///
    /// Sending a batch again is harmless: what was recorded is left out. A batch that does not follow what is on record is
    /// not taken ([`LeaseError::Behind`]), unless it says that there may be a hole.
    async fn append(&self, lease: &Lease, batch: &Batch<'_>) -> Result<(), LeaseError>;

    /// What was recorded after `after`, at most `limit` events and about 1 MiB (always at least one event).
    async fn read(
        &self,
        key: ExecutionKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page, Unavailable>;

    /// What was recorded before `before`, or the end of the log, the newest first; at most `limit` events and about
    /// 1 MiB (always at least one event).
    async fn read_back(
        &self,
        key: ExecutionKey,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<BackPage, Unavailable>;

    /// How far the log has come.
    async fn top(&self, key: ExecutionKey) -> Result<Top, Unavailable>;

    /// Begins to receive what is published. Everything published after this has returned is delivered or signalled
    /// as [`Signal::Doubt`].
    async fn subscribe(&self, key: ExecutionKey) -> Result<Subscription, Unavailable>;

    /// Whether live delivery works: a probe has come back lately.
    async fn check(&self) -> Result<(), Unavailable>;
}

/// Events to append, and what they say about the run.
#[derive(Debug)]
pub struct Batch<'a> {
    /// In order; those with an id follow each other without holes.
    pub events: &'a [Event],
    /// Turns of the execution so far, earlier attempts included.
    pub turns: u32,
    /// Whether this attempt has shown a `tool_use`.
    pub tool_used: bool,
    /// Nobody has what the log has lost: followers are told of a gap.
    pub with_hole: bool,
}

/// The end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Top {
    /// The last recorded event; `None` for an empty or unknown log.
    pub last: Option<EventId>,
    /// Whether that is the `end`.
    pub ended: bool,
}

/// Recorded events.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In order.
    pub events: Vec<Event>,
    /// The oldest event that is kept.
    pub earliest: Option<EventId>,
    /// The newest one that was removed to make room.
    pub trimmed: Option<EventId>,
    /// The end of the log at the moment of reading.
    pub top: Top,
}

/// Recorded events, read backwards.
#[derive(Debug, Clone, Default)]
pub struct BackPage {
    /// The newest first.
    pub events: Vec<Event>,
    /// Whether the log holds older ones.
    pub more: bool,
}

/// What one page holds at most, unless a single event is larger.
const PAGE_BYTES: usize = 1 << 20;

/// What a follower is given.
#[derive(Debug, Clone)]
pub enum Followed {
    /// The next event.
    Event(Event),
    /// Events after `requested` are no longer kept; the stream goes on at `earliest`.
    Gap {
        /// Where the follower stood.
        requested: Option<EventId>,
        /// The oldest event that is kept.
        earliest: Option<EventId>,
        /// The newest one.
        latest: Option<EventId>,
    },
}

/// What one append published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveBatch {
    /// The last event recorded before it: a follower that is not there has missed something.
    pub after: Option<EventId>,
    /// In order, recorded and live-only ones mixed.
    pub events: Vec<Event>,
}

impl LiveBatch {
    fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.frame.len()).sum()
    }

    /// Adds an event as it is published and recorded: a line `{id} {kind} {length}`, and that many bytes.
    pub(crate) fn encode_event(event: &Event, message: &mut Vec<u8>) {
        let (kind, length) = (event.kind.as_str(), event.frame.len());
        // Nothing fails that is written to memory.
        let _ = match event.id {
            Some(id) => writeln!(message, "{id} {kind} {length}"),
            None => writeln!(message, "- {kind} {length}"),
        };
        message.extend_from_slice(&event.frame);
    }

    /// What is published of events, but for the first line, which the log knows.
    pub(crate) fn encode(events: &[Event]) -> Vec<u8> {
        let mut message = Vec::new();
        for event in events {
            Self::encode_event(event, &mut message);
        }
        message
    }

    /// Reads what is published: a line with the id before the batch, then its events.
    pub(crate) fn decode(mut message: Bytes) -> Option<Self> {
        let after = parse_place(text(&take_line(&mut message)?)?)?;
        let events = Self::decode_events(message)?;
        Some(Self { after, events })
    }

    /// Reads events one after the other. Their frames share the message's memory.
    pub(crate) fn decode_events(mut message: Bytes) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        while !message.is_empty() {
            let header = take_line(&mut message)?;
            let mut words = text(&header)?.split(' ');
            let id = parse_place(words.next()?)?;
            let kind = words.next()?.parse().ok()?;
            let length: usize = words.next()?.parse().ok()?;
            if length > message.len() {
                return None;
            }
            events.push(Event {
                id,
                kind,
                frame: message.split_to(length),
            });
        }
        Some(events)
    }
}

fn take_line(message: &mut Bytes) -> Option<Bytes> {
    let end = message.iter().position(|byte| *byte == b'\n')?;
    let line = message.split_to(end);
    message.advance(1);
    Some(line)
}

fn text(line: &Bytes) -> Option<&str> {
    std::str::from_utf8(line).ok()
}

/// `-` stands for no id, `0-0` for the place before the first event.
fn parse_place(text: &str) -> Option<Option<EventId>> {
    match text {
        "-" | "0-0" | "" => Some(None),
        id => id.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    #[test]
    fn a_published_batch_is_read_back() {
        let message = Bytes::from_static(b"1-2\n1-3 claude_message 4\n{\n\n}- partial 2\n{}");
        let batch = LiveBatch::decode(message).unwrap();
        assert_eq!(batch.after, Some(EventId { attempt: 1, seq: 2 }));
        assert_eq!(batch.events[0].frame.as_ref(), b"{\n\n}");
        assert_eq!(
            (batch.events[1].id, batch.events[1].kind),
            (None, Kind::Partial)
        );
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        for message in [
            "",
            "1-2",
            "x\n",
            "1-2\n1-3 end 5\n{}",
            "1-2\n1-3 end\n",
            "1-2\n1-3 nothing 2\n{}",
        ] {
            assert_eq!(
                LiveBatch::decode(Bytes::from_static(message.as_bytes())),
                None,
                "{message:?}"
            );
        }
    }
}
