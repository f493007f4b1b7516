//! The splice under random schedules of a writer, a lossy live stream and a reader.

use std::collections::VecDeque;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;

use super::*;
use crate::event::Event;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// The writer appends a batch of so many events, with a token delta before them.
    Append(u8),
    /// Another attempt begins; numbers may be skipped.
    Attempt(u8),
    /// The live stream loses the newest batch.
    Lose,
    /// The connection is lost with all that is on it, and made again.
    Reconnect,
    /// The record keeps no more than so many events.
    Trim(u8),
    /// The reader takes what comes next; pages hold so many events.
    Turn(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4_u8).prop_map(Step::Append),
        1 => (1..4_u8).prop_map(Step::Attempt),
        2 => Just(Step::Lose),
        1 => Just(Step::Reconnect),
        1 => (0..6_u8).prop_map(Step::Trim),
        6 => (1..4_u8).prop_map(Step::Turn),
    ]
}

/// The record, the live stream, and a reader of both.
struct Model {
    record: Vec<Event>,
    written: Vec<EventId>,
    trimmed: Option<EventId>,
    live: VecDeque<LiveBatch>,
    doubt: bool,
    last: Option<EventId>,
    attempt: u32,
    deltas: u32,
    splice: Splice,
    /// On its way to the reader: what was read is as old as that.
    page: Option<Page>,
    top: Option<Top>,
    given: VecDeque<Followed>,
}

impl Model {
    fn new(after: Option<EventId>) -> Self {
        Self {
            record: Vec::new(),
            written: Vec::new(),
            trimmed: None,
            live: VecDeque::new(),
            doubt: false,
            last: None,
            attempt: 1,
            deltas: 0,
            splice: Splice::new(after),
            page: None,
            top: None,
            given: VecDeque::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Append(events) => self.append(events, Kind::ClaudeMessage),
            Step::Attempt(skip) => self.attempt += u32::from(skip),
            Step::Lose => drop(self.live.pop_back()),
            Step::Reconnect => {
                self.live.clear();
                self.doubt = true;
            }
            Step::Trim(kept) => {
                let gone = self.record.len().saturating_sub(kept.into());
                let last = self.record.drain(..gone).next_back();
                self.trimmed = last.and_then(|event| event.id).or(self.trimmed);
            }
            Step::Turn(size) => self.turn(size.into()),
        }
    }

    fn append(&mut self, events: u8, kind: Kind) {
        self.deltas += 1;
        let mut batch = LiveBatch {
            after: self.last,
            events: vec![Event {
                id: None,
                kind: Kind::Partial,
                frame: Bytes::from(self.deltas.to_string()),
            }],
        };
        for _ in 0..events {
            let id = match self.last {
                Some(last) if last.attempt == self.attempt => last.next(),
                _ => EventId {
                    attempt: self.attempt,
                    seq: 1,
                },
            };
            let event = Event {
                id: Some(id),
                kind,
                frame: Bytes::new(),
            };
            self.written.push(id);
            self.record.push(event.clone());
            batch.events.push(event);
            self.last = Some(id);
        }
        self.live.push_back(batch);
    }

    /// As `Follower` does it: while it reads, what is published waits.
    fn turn(&mut self, size: usize) {
        if self.splice.done() {
        } else if self.splice.reading() {
            match self.page.take() {
                Some(page) => self.splice.page(page, &mut self.given),
                None => self.page = Some(self.read(size)),
            }
        } else if let Some(top) = self.top.take() {
            self.splice.top(top);
        } else if std::mem::take(&mut self.doubt) {
            self.splice.doubt();
        } else if let Some(batch) = self.live.pop_front() {
            self.splice.batch(&batch, &mut self.given);
        } else {
            self.top = Some(self.top());
        }
    }

    fn read(&self, size: usize) -> Page {
        let cursor = self.splice.cursor();
        let after = self.record.iter().filter(|event| event.id > cursor);
        Page {
            events: after.take(size).cloned().collect(),
            earliest: self.record.first().and_then(|event| event.id),
            trimmed: self.trimmed,
            top: self.top(),
        }
    }

    fn top(&self) -> Top {
        Top {
            last: self.last,
            ended: self
                .record
                .last()
                .is_some_and(|event| event.kind == Kind::End),
        }
    }

    /// The execution ends, and its last messages are lost; the reader goes on for as long as it needs.
    fn end(&mut self) {
        self.append(1, Kind::End);
        self.live.pop_back();
        // More than the longest schedule needs.
        for _ in 0..1000 {
            self.turn(3);
        }
    }
}

/// Holds what was given to what was written.
fn check(model: &Model, after: Option<EventId>) -> Result<(), TestCaseError> {
    prop_assert!(model.splice.done(), "it comes to its end");
    let (mut last, mut gap, mut delta) = (after, false, 0);
    let mut given = Vec::new();
    for followed in &model.given {
        match followed {
            Followed::Gap { .. } => gap = true,
            Followed::Event(event) => match event.id {
                Some(id) => {
                    prop_assert!(
                        id > last.unwrap_or(id) || last.is_none(),
                        "{id} after {last:?}"
                    );
                    let next = model.written.iter().find(|written| Some(**written) > last);
                    prop_assert!(
                        gap || next == Some(&id),
                        "{id} and not {next:?}, without a gap"
                    );
                    (last, gap) = (Some(id), false);
                    given.push(id);
                }
                None => {
                    let number: u32 = std::str::from_utf8(&event.frame).unwrap().parse().unwrap();
                    prop_assert!(number > delta, "a delta comes once and in order");
                    delta = number;
                }
            },
        }
    }
    prop_assert_eq!(given.last(), model.written.last(), "the end is last");
    if model.trimmed.is_none() {
        let expected = model.written.iter().copied().filter(|id| Some(*id) > after);
        prop_assert_eq!(given, expected.collect::<Vec<_>>(), "nothing is missing");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        // The default is several times as slow as all that is tested here.
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_event_is_given_once_and_in_order(
        before in prop::collection::vec(step(), 0..8),
        place in any::<prop::sample::Index>(),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut model = Model::new(None);
        for step in before.iter().filter(|step| !matches!(step, Step::Turn(_))) {
            model.take(step);
        }
        // The reader comes when that is over, with any id it may have seen.
        model.live.clear();
        model.doubt = false;
        let after = match model.written.len() {
            0 => None,
            written => [None].into_iter().chain(model.written.iter().copied().map(Some)).nth(place.index(written + 1)).flatten(),
        };
        model.splice = Splice::new(after);
        for step in &steps {
            model.take(step);
        }
        model.end();
        check(&model, after)?;
    }
}
