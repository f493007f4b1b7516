//! What was recorded lately: a Redis that crashes and comes back may have lost its last second, and is given that again.

use std::collections::VecDeque;
use std::time::Duration;

use longshore_shared::event::Event;
use longshore_shared::id::EventId;
use tokio::time::Instant;

/// `appendfsync everysec` writes within two seconds at worst, as Redis's documentation of persistence says.
const KEPT_FOR: Duration = Duration::from_secs(3);

/// Bytes of frames at most.
const KEPT_BYTES: usize = 8 << 20;

/// Recorded events, the oldest first. Time only passes with what is recorded: while Redis is away nothing is forgotten.
#[derive(Debug, Default)]
pub(super) struct Recent {
    events: VecDeque<(Instant, Event)>,
    bytes: usize,
}

impl Recent {
    pub(super) fn note(&mut self, events: Vec<Event>, now: Instant) {
        for event in events.into_iter().filter(|event| event.id.is_some()) {
            self.bytes += event.frame.len();
            self.events.push_back((now, event));
        }
        while let Some((at, oldest)) = self.events.front()
            && (now - *at > KEPT_FOR || self.bytes > KEPT_BYTES)
        {
            self.bytes -= oldest.frame.len();
            self.events.pop_front();
        }
    }

    /// What followed that event.
    pub(super) fn after(&self, top: Option<EventId>) -> Vec<Event> {
        let events = self.events.iter().map(|(_, event)| event);
        events.filter(|event| event.id > top).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use longshore_shared::event::Kind;

    use super::*;

    fn event(seq: u64, bytes: usize) -> Event {
        Event {
            id: Some(EventId { attempt: 1, seq }),
            kind: Kind::ClaudeMessage,
            frame: Bytes::from(vec![0; bytes]),
        }
    }

    fn seqs(events: &[Event]) -> Vec<u64> {
        events
            .iter()
            .filter_map(|event| event.id.map(|id| id.seq))
            .collect()
    }

    #[test]
    fn what_is_old_or_too_much_is_forgotten() {
        let mut recent = Recent::default();
        let begun = Instant::now();
        recent.note(vec![event(1, 10), event(2, 10)], begun);
        recent.note(vec![event(3, 10)], begun + Duration::from_secs(2));
        assert_eq!(seqs(&recent.after(None)), [1, 2, 3]);
        let top = Some(EventId { attempt: 1, seq: 2 });
        assert_eq!(seqs(&recent.after(top)), [3]);
        recent.note(vec![event(4, 10)], begun + Duration::from_secs(4));
        assert_eq!(seqs(&recent.after(None)), [3, 4]);
        recent.note(vec![event(5, KEPT_BYTES)], begun + Duration::from_secs(4));
        assert_eq!(seqs(&recent.after(None)), [5]);
    }
}
