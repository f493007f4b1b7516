//! The splice: a pure state machine that joins the record and the live stream without holes or repeats.

use std::collections::VecDeque;

use super::{Followed, LiveBatch, Page, Top};
use crate::event::Kind;
use crate::id::EventId;

/// Where a follower stands. Feed it pages while it is [`Self::reading`], batches and tops while it is not.
///
/// It gives out every recorded event after its cursor exactly once and in order, a [`Followed::Gap`] where the
/// record no longer holds them, and nothing after the `end`.
#[derive(Debug)]
pub(super) struct Splice {
    cursor: Option<EventId>,
    state: State,
    /// The log was found to end before the cursor, and its writer may be about to append again what it has lost.
    behind: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Live,
    Done,
}

impl Splice {
    pub(super) fn new(after: Option<EventId>) -> Self {
        Self {
            cursor: after,
            state: State::Reading,
            behind: false,
        }
    }

    /// For one who reads the record once, and waits for nobody.
    pub(super) fn of_record(after: Option<EventId>) -> Self {
        Self {
            behind: true,
            ..Self::new(after)
        }
    }

    pub(super) fn cursor(&self) -> Option<EventId> {
        self.cursor
    }

    pub(super) fn reading(&self) -> bool {
        self.state == State::Reading
    }

    pub(super) fn done(&self) -> bool {
        self.state == State::Done
    }

    /// A page read after [`Self::cursor`].
    pub(super) fn page(&mut self, page: Page, out: &mut VecDeque<Followed>) {
        let beyond = self.cursor > page.top.last;
        if beyond && !page.top.ended && !std::mem::replace(&mut self.behind, true) {
            self.state = State::Live; // Until the tail is looked at again.
            return;
        }
        self.behind = false;
        // Not the client's log, or one that the store has lost since: what is kept is given from its start.
        if beyond || self.cursor < page.trimmed {
            out.push_back(Followed::Gap {
                requested: self.cursor,
                earliest: page.earliest,
                latest: page.top.last,
            });
            self.cursor = page.trimmed;
            if beyond {
                return; // This page was read after a place that is not in the log.
            }
        }
        for event in page.events {
            self.give(event, out);
        }
        if self.state == State::Reading && self.cursor >= page.top.last {
            self.state = if page.top.ended {
                State::Done
            } else {
                State::Live
            };
        }
    }

    /// A batch from the live stream.
    pub(super) fn batch(&mut self, batch: &LiveBatch, out: &mut VecDeque<Followed>) {
        if self.state != State::Live {
            return;
        }
        if batch.after > self.cursor {
            self.state = State::Reading; // A hole: something between the cursor and this batch was not delivered.
            return;
        }
        // What the batch holds beyond the cursor follows the cursor directly. Token deltas before that point belong
        // to text that was given out already.
        let mut place = batch.after;
        for event in &batch.events {
            place = event.id.or(place);
            let fresh = if event.id.is_some() {
                place > self.cursor
            } else {
                place == self.cursor
            };
            if fresh {
                self.give(event.clone(), out);
            }
        }
    }

    /// How far the log has come: a lost last message has no successor that would reveal it, and a lost log has no
    /// messages that would.
    pub(super) fn top(&mut self, top: Top) {
        if top.last != self.cursor {
            self.doubt();
        }
    }

    /// Something may have been missed.
    pub(super) fn doubt(&mut self) {
        if self.state == State::Live {
            self.state = State::Reading;
        }
    }

    fn give(&mut self, event: crate::event::Event, out: &mut VecDeque<Followed>) {
        if self.state == State::Done {
            return;
        }
        if let Some(id) = event.id {
            if !id.follows(self.cursor) {
                // The record itself has lost something, as Redis may when it comes back without its last second.
                out.push_back(Followed::Gap {
                    requested: self.cursor,
                    earliest: Some(id),
                    latest: Some(id),
                });
            }
            self.cursor = Some(id);
        }
        if event.kind == Kind::End {
            self.state = State::Done;
        }
        out.push_back(Followed::Event(event));
    }
}

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use bytes::Bytes;

    fn id(seq: u64) -> EventId {
        EventId { attempt: 1, seq }
    }

    fn event(seq: u64) -> Event {
        Event {
            id: Some(id(seq)),
            kind: Kind::ClaudeMessage,
            frame: Bytes::new(),
        }
    }

    fn page(seqs: impl IntoIterator<Item = u64>, top: u64) -> Page {
        Page {
            events: seqs.into_iter().map(event).collect(),
            earliest: Some(id(1)),
            trimmed: None,
            top: Top {
                last: Some(id(top)),
                ended: false,
            },
        }
    }

    fn batch(after: u64, seqs: &[u64]) -> LiveBatch {
        let after = (after > 0).then(|| id(after));
        LiveBatch {
            after,
            events: seqs.iter().map(|seq| event(*seq)).collect(),
        }
    }

    fn seqs(out: &mut VecDeque<Followed>) -> Vec<u64> {
        out.drain(..)
            .map(|followed| match followed {
                Followed::Event(event) => event.id.map_or(0, |id| id.seq),
                Followed::Gap { .. } => 999,
            })
            .collect()
    }

    #[test]
    fn a_batch_that_overlaps_gives_only_what_is_new() {
        let (mut splice, mut out) = (Splice::new(None), VecDeque::new());
        splice.page(page(1..=3, 3), &mut out);
        splice.batch(&batch(1, &[2, 3, 4, 5]), &mut out);
        assert_eq!(seqs(&mut out), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_hole_is_read_again() {
        let (mut splice, mut out) = (Splice::new(None), VecDeque::new());
        splice.page(page(1..=1, 1), &mut out);
        splice.batch(&batch(2, &[3]), &mut out);
        assert!(splice.reading());
        splice.page(page(2..=3, 3), &mut out);
        assert_eq!(seqs(&mut out), [1, 2, 3]);
    }

    #[test]
    fn a_lost_last_message_is_found_by_the_top() {
        let (mut splice, mut out) = (Splice::new(None), VecDeque::new());
        splice.page(page(1..=1, 1), &mut out);
        splice.top(Top {
            last: Some(id(1)),
            ended: false,
        });
        assert!(!splice.reading());
        splice.top(Top {
            last: Some(id(2)),
            ended: true,
        });
        assert!(splice.reading());
    }

    #[test]
    fn a_trimmed_history_is_a_gap_and_goes_on_at_the_earliest() {
        let (mut splice, mut out) = (Splice::new(Some(id(2))), VecDeque::new());
        let mut page = page(6..=7, 7);
        (page.earliest, page.trimmed) = (Some(id(6)), Some(id(5)));
        splice.page(page, &mut out);
        assert_eq!(seqs(&mut out), [999, 6, 7]);
    }

    #[test]
    fn a_hole_in_the_record_is_a_gap() {
        let (mut splice, mut out) = (Splice::new(None), VecDeque::new());
        splice.page(page([1, 2, 9], 9), &mut out);
        splice.batch(&batch(9, &[12]), &mut out);
        assert_eq!(seqs(&mut out), [1, 2, 999, 9, 999, 12]);
    }

    #[test]
    fn a_cursor_beyond_the_log_is_a_gap_and_starts_over() {
        let (mut splice, mut out) = (Splice::new(Some(id(9))), VecDeque::new());
        splice.page(page([], 2), &mut out);
        assert!(!splice.reading() && out.is_empty(), "it waits once");
        splice.doubt();
        splice.page(page([], 2), &mut out);
        assert!(splice.reading());
        splice.page(page(1..=2, 2), &mut out);
        assert_eq!(seqs(&mut out), [999, 1, 2]);
    }

    #[test]
    fn a_log_that_was_lost_is_a_gap_and_starts_over() {
        let (mut splice, mut out) = (Splice::new(None), VecDeque::new());
        splice.page(page(1..=5, 5), &mut out);
        splice.top(Top {
            last: Some(id(1)),
            ended: false,
        });
        splice.page(page([], 1), &mut out);
        splice.doubt();
        splice.page(page([], 1), &mut out);
        splice.page(page(1..=1, 1), &mut out);
        assert_eq!(seqs(&mut out), [1, 2, 3, 4, 5, 999, 1]);
    }

    #[test]
    fn what_is_appended_again_is_not_given_again() {
        let (mut splice, mut out) = (Splice::new(None), VecDeque::new());
        splice.page(page(1..=5, 5), &mut out);
        splice.doubt();
        splice.page(page([], 2), &mut out);
        splice.batch(&batch(2, &[3, 4]), &mut out);
        splice.batch(&batch(4, &[5, 6]), &mut out);
        splice.doubt();
        splice.page(page([7], 7), &mut out);
        assert_eq!(seqs(&mut out), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn the_cursor_at_the_end_is_done_at_once() {
        let (mut splice, mut out) = (Splice::new(Some(id(3))), VecDeque::new());
        let mut page = page([], 3);
        page.top.ended = true;
        splice.page(page, &mut out);
        assert!(splice.done() && out.is_empty());
    }
}
