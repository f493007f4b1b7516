//! The log in memory: the other face of [`MemoryStore`].

use async_trait::async_trait;

use super::{BackPage, Batch, EventLog, LiveBatch, PAGE_BYTES, Page, Subscription, Top};
use crate::error::{LeaseError, Unavailable};
use crate::event::{Event, Kind};
use crate::id::{EventId, ExecutionKey};
use crate::store::Lease;
use crate::store::memory::{Entry, MemoryStore};

#[async_trait]
impl EventLog for MemoryStore {
    async fn append(&self, lease: &Lease, batch: &Batch<'_>) -> Result<(), LeaseError> {
        let mut state = self.state();
        let entry = state.held(lease)?;
        let after = entry.top;
        let mut ids = batch.events.iter().filter_map(|event| event.id);
        let next = ids.next().filter(|_| !batch.with_hole);
        if next
            .zip(after)
            .is_some_and(|(next, top)| next.attempt == top.attempt && next.seq > top.seq + 1)
        {
            return Err(LeaseError::Behind(after));
        }
        let fresh: Vec<Event> = entry.fresh(batch.events);
        for event in fresh.iter().filter(|event| event.id.is_some()) {
            entry.top = event.id;
            entry.record.messages += u64::from(event.kind == Kind::ClaudeMessage);
            entry.events.push_back(event.clone());
        }
        entry.record.turns = batch.turns;
        entry.tool_used |= batch.tool_used;
        while entry.events.len() > self.max_events() {
            entry.trimmed = entry.events.pop_front().and_then(|event| event.id);
        }
        // Under the lock, so that batches are published in the order in which they were recorded.
        if !fresh.is_empty() {
            self.fanout().deliver(
                lease.key,
                LiveBatch {
                    after,
                    events: fresh,
                },
            );
        }
        Ok(())
    }

    async fn read(
        &self,
        key: ExecutionKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page, Unavailable> {
        let state = self.state();
        let Some(entry) = state.executions.get(&key.execution) else {
            return Ok(Page::default());
        };
        let events = entry.events.iter().filter(|event| event.id > after);
        Ok(Page {
            events: page_of(events, limit),
            earliest: entry.events.front().and_then(|event| event.id),
            trimmed: entry.trimmed,
            top: entry.end_of_log(),
        })
    }

    async fn read_back(
        &self,
        key: ExecutionKey,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<BackPage, Unavailable> {
        let state = self.state();
        let Some(entry) = state.executions.get(&key.execution) else {
            return Ok(BackPage::default());
        };
        let older = |event: &&Event| before.is_none() || event.id < before;
        let events = page_of(entry.events.iter().rev().filter(older), limit);
        let more = entry.events.iter().filter(older).count() > events.len();
        Ok(BackPage { events, more })
    }

    async fn top(&self, key: ExecutionKey) -> Result<Top, Unavailable> {
        Ok(self
            .state()
            .executions
            .get(&key.execution)
            .map(Entry::end_of_log)
            .unwrap_or_default())
    }

    async fn subscribe(&self, key: ExecutionKey) -> Result<Subscription, Unavailable> {
        Ok(self.fanout().subscribe(key))
    }

    async fn check(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// As many events as one page holds.
fn page_of<'a>(events: impl Iterator<Item = &'a Event>, limit: usize) -> Vec<Event> {
    let mut bytes = 0;
    let fitting = events.take(limit).take_while(|event| {
        let room = bytes == 0 || bytes + event.frame.len() <= PAGE_BYTES;
        bytes += event.frame.len();
        room
    });
    fitting.cloned().collect()
}

impl Entry {
    fn end_of_log(&self) -> Top {
        Top {
            last: self.top,
            ended: self.record.status.has_ended(),
        }
    }

    /// What of a batch is not recorded yet; a batch that comes again has had its token deltas sent already.
    fn fresh(&self, events: &[Event]) -> Vec<Event> {
        let again = events
            .iter()
            .any(|event| event.id.is_some() && event.id <= self.top);
        let fresh = events.iter().filter(|event| match event.id {
            Some(_) => event.id > self.top,
            None => !again,
        });
        fresh.cloned().collect()
    }
}
