//! The entries of a stream: each holds events that follow each other, as they are published, under the id of the last one.
//!
//! An entry for each event would take Redis many times as long, to append and to read.

use bytes::Bytes;

use crate::event::{Event, Kind};
use crate::event_log::LiveBatch;
use crate::id::EventId;

/// Events in one entry at most; whole entries make room for new ones.
const MOST: usize = 64;

/// And bytes, beyond which it takes no further event: a page holds whole entries.
const BYTES: usize = 64 << 10;

/// Of the events that are kept of an execution an entry has this part at most.
const PART: usize = 8;

/// One entry that is to be appended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) first: EventId,
    pub(super) last: EventId,
    pub(super) count: usize,
    /// How many of them are lines of the CLI.
    pub(super) messages: usize,
    pub(super) events: Vec<u8>,
}

/// The events of a batch that are recorded, where so many are kept.
pub(super) fn entries(events: &[Event], kept: usize) -> Vec<Entry> {
    let most = (kept / PART).clamp(1, MOST);
    let mut entries: Vec<Entry> = Vec::new();
    for event in events {
        let Some(id) = event.id else { continue };
        let open = entries.pop_if(|last| last.count < most && last.events.len() < BYTES);
        let mut entry = open.unwrap_or_else(|| Entry {
            first: id,
            last: id,
            count: 0,
            messages: 0,
            events: Vec::new(),
        });
        entry.last = id;
        entry.count += 1;
        entry.messages += usize::from(event.kind == Kind::ClaudeMessage);
        LiveBatch::encode_event(event, &mut entry.events);
        entries.push(entry);
    }
    entries
}

/// The events of entries, one after the other; `None` where one is not of this form.
pub(super) fn events(entries: &[Bytes]) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    for entry in entries {
        events.extend(LiveBatch::decode_events(entry.clone())?);
    }
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::frame;
    use crate::id::ExecutionId;

    fn event(seq: u64, bytes: usize) -> Event {
        let id = EventId { attempt: 1, seq };
        frame::claude_message(ExecutionId::generate(), id, &"x".repeat(bytes))
    }

    #[test]
    fn an_entry_is_bounded_and_read_back() {
        let execution = ExecutionId::generate();
        let mut batch: Vec<Event> = (1..=150).map(|seq| event(seq, 10)).collect();
        batch.insert(7, frame::live(Kind::Partial, execution, "{}"));
        batch.extend([event(151, BYTES), event(152, 1)]);
        let entries = entries(&batch, 10_000);
        let places = entries
            .iter()
            .map(|entry| (entry.first.seq, entry.last.seq));
        let places: Vec<_> = places.collect();
        assert_eq!(places, [(1, 64), (65, 128), (129, 151), (152, 152)]);
        let texts: Vec<Bytes> = entries
            .into_iter()
            .map(|entry| entry.events.into())
            .collect();
        batch.remove(7);
        assert_eq!(events(&texts), Some(batch));
    }

    #[test]
    fn where_few_are_kept_an_entry_holds_fewer() {
        let batch: Vec<Event> = (1..=30).map(|seq| event(seq, 10)).collect();
        let counts = entries(&batch, 100).into_iter().map(|entry| entry.count);
        assert_eq!(counts.collect::<Vec<_>>(), [12, 12, 6]);
    }
}
