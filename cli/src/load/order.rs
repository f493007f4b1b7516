//! What a stream owes: every recorded event once, in order, up to its one end; or it says that some are gone.

use std::collections::BTreeSet;

use longshore_shared::id::EventId;

/// So many missing events are remembered, to tell one that comes late from one that comes twice.
const REMEMBERED: usize = 1000;

/// Follows one stream, over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Order {
    last: Option<EventId>,
    missing: BTreeSet<EventId>,
    /// The stream has said that what comes next need not follow; and that it ever did.
    gap: bool,
    gapped: bool,
    messages: u64,
    ended: bool,
    breaches: Breaches,
}

/// What a stream did wrong.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Breaches {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) misordered: u64,
}

impl Breaches {
    pub(crate) fn any(self) -> bool {
        self != Self::default()
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.lost += more.lost;
        self.repeated += more.repeated;
        self.misordered += more.misordered;
    }
}

impl Order {
    /// The last event that came: where to go on after it.
    pub(crate) fn last(&self) -> Option<EventId> {
        self.last
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// A recorded event.
    pub(crate) fn event(&mut self, id: EventId, is_message: bool) {
        self.messages += u64::from(is_message);
        if self.ended {
            self.breaches.misordered += 1;
        }
        if Some(id) <= self.last {
            match self.missing.remove(&id) {
                true => {
                    self.breaches.lost -= 1;
                    self.breaches.misordered += 1;
                }
                false => self.breaches.repeated += 1,
            }
            return;
        }
        if !id.follows(self.last) && !self.gap {
            self.note_missing(id);
        }
        self.gap = false;
        self.last = Some(id);
    }

    /// Whole attempts may be missing too; of those nobody can say how long they were.
    fn note_missing(&mut self, next: EventId) {
        let same = self.last.filter(|last| last.attempt == next.attempt);
        let from = same.map_or(1, |last| last.seq + 1);
        self.breaches.lost += (next.seq - from).max(1);
        let missing = (from..next.seq).map(|seq| EventId { seq, ..next });
        let room = REMEMBERED.saturating_sub(self.missing.len());
        self.missing.extend(missing.take(room));
    }

    pub(crate) fn gap(&mut self) {
        (self.gap, self.gapped) = (true, true);
    }

    /// The `end` has come, which tells how many messages there were.
    pub(crate) fn end(&mut self, messages: u64) {
        self.ended = true;
        if !self.gapped && self.breaches.lost == 0 {
            self.breaches.lost += messages.saturating_sub(self.messages);
        }
    }

    /// What was wrong so far; a stream that never ended has lost its end.
    pub(crate) fn breaches(&self) -> Breaches {
        Breaches {
            lost: self.breaches.lost + u64::from(!self.ended),
            ..self.breaches
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ids: &[(u32, u64)]) -> Order {
        let mut order = Order::default();
        for (attempt, seq) in ids.iter().copied() {
            order.event(EventId { attempt, seq }, true);
        }
        order
    }

    fn breaches(ids: &[(u32, u64)]) -> (u64, u64, u64) {
        let mut order = after(ids);
        let messages = order.messages;
        order.end(messages);
        let Breaches {
            lost,
            repeated,
            misordered,
        } = order.breaches();
        (lost, repeated, misordered)
    }

    #[test]
    fn a_whole_stream_owes_nothing() {
        assert_eq!(breaches(&[(1, 1), (1, 2), (3, 1), (3, 2)]), (0, 0, 0));
    }

    #[test]
    fn each_breach_is_told_from_the_others() {
        assert_eq!(breaches(&[(1, 1), (1, 4)]), (2, 0, 0));
        assert_eq!(breaches(&[(1, 3)]), (2, 0, 0));
        assert_eq!(breaches(&[(1, 1), (2, 2)]), (1, 0, 0));
        assert_eq!(breaches(&[(1, 1), (1, 1), (1, 2)]), (0, 1, 0));
        assert_eq!(breaches(&[(1, 1), (1, 3), (1, 2)]), (0, 0, 1));
    }

    #[test]
    fn an_end_tells_what_is_missing_and_must_come() {
        let mut order = after(&[(1, 1), (1, 2)]);
        assert_eq!(order.breaches().lost, 1, "it has not ended");
        order.end(5);
        assert_eq!(order.breaches().lost, 3);
        order.event(EventId { attempt: 1, seq: 3 }, false);
        assert_eq!(order.breaches().misordered, 1);
    }

    #[test]
    fn a_gap_is_no_loss() {
        let mut order = after(&[(1, 1)]);
        order.gap();
        order.event(
            EventId {
                attempt: 1,
                seq: 90,
            },
            true,
        );
        order.end(90);
        assert!(!order.breaches().any());
    }
}
