//! The log in Redis: a stream per execution for the record, and its channel for what is live.

use async_trait::async_trait;

use super::{BackPage, Batch, EventLog, PAGE_BYTES, Page, Subscription, Top};
use crate::error::{LeaseError, Unavailable};
use crate::event::Event;
use crate::id::{EventId, ExecutionKey};
use crate::redis::{Redis, call, on};
use crate::store::{Lease, Retention};

/// A cheap handle.
#[derive(Clone)]
pub struct RedisLog {
    redis: Redis,
    retention: Retention,
}

impl RedisLog {
    pub(crate) fn new(redis: Redis, retention: Retention) -> Self {
        Self { redis, retention }
    }
}

#[async_trait]
impl EventLog for RedisLog {
    async fn append(&self, lease: &Lease, batch: &Batch<'_>) -> Result<(), LeaseError> {
        let mut append = on(&self.redis.scripts().append, self.redis.keys(), lease.key);
        append
            .arg(lease.token.to_string())
            .arg(batch.turns)
            .arg(u8::from(batch.tool_used))
            .arg(self.retention.max_events)
            .arg(u8::from(batch.with_hole));
        for event in batch.events {
            let id = event.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
            append
                .arg(id)
                .arg(event.kind.as_str())
                .arg(event.frame.as_ref());
        }
        let mut hot = self.redis.hot();
        let answer: Vec<String> = call(append.invoke_async(&mut hot)).await?;
        match answer.first().map(String::as_str) {
            Some("appended") => Ok(()),
            Some("behind") => Err(LeaseError::Behind(
                answer.get(1).and_then(|id| id.parse().ok()),
            )),
            _ => Err(LeaseError::Lost),
        }
    }

    async fn read(
        &self,
        key: ExecutionKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page, Unavailable> {
        let mut read = on(&self.redis.scripts().read, self.redis.keys(), key);
        let after = after.map_or_else(|| "0-0".to_owned(), |id| id.to_string());
        read.arg(after).arg(limit).arg(PAGE_BYTES);
        let mut connection = self.redis.pooled().await?;
        let answer: Vec<bytes::Bytes> = call(read.invoke_async(&mut connection)).await?;
        decode_page(&answer).ok_or_else(foreign)
    }

    async fn read_back(
        &self,
        key: ExecutionKey,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<BackPage, Unavailable> {
        let mut read = on(&self.redis.scripts().read_back, self.redis.keys(), key);
        let before = before.map_or_else(|| "+".to_owned(), |id| id.to_string());
        read.arg(before).arg(limit).arg(PAGE_BYTES);
        let mut connection = self.redis.pooled().await?;
        let answer: Vec<bytes::Bytes> = call(read.invoke_async(&mut connection)).await?;
        let (more, events) = answer.split_first().ok_or_else(foreign)?;
        Ok(BackPage {
            events: decode_events(events).ok_or_else(foreign)?,
            more: more.as_ref() == b"1",
        })
    }

    async fn top(&self, key: ExecutionKey) -> Result<Top, Unavailable> {
        let mut hot = self.redis.hot();
        let record = self.redis.keys().execution(key);
        let fields: (Option<String>, Option<String>) = call(
            redis::cmd("HMGET")
                .arg(record)
                .arg(&["status", "top"])
                .query_async(&mut hot),
        )
        .await?;
        Ok(end_of_log(
            fields.0.as_deref().unwrap_or(""),
            fields.1.as_deref().unwrap_or(""),
        ))
    }

    async fn subscribe(&self, key: ExecutionKey) -> Result<Subscription, Unavailable> {
        self.redis.hub().subscribe(key).await
    }

    async fn check(&self) -> Result<(), Unavailable> {
        if self.redis.hub().hears() {
            Ok(())
        } else {
            Err(Unavailable::redis(
                "the live subscription has not heard its own probe",
            ))
        }
    }
}

/// Reads the answer of `read.lua`.
fn decode_page(answer: &[bytes::Bytes]) -> Option<Page> {
    let (head, events) = answer.split_at_checked(4)?;
    let text = |index: usize| std::str::from_utf8(&head[index]).ok();
    Some(Page {
        top: end_of_log(text(0)?, text(1)?),
        trimmed: text(2)?.parse().ok(),
        earliest: text(3)?.parse().ok(),
        events: decode_events(events)?,
    })
}

/// Reads id, kind and frame of each event.
fn decode_events(parts: &[bytes::Bytes]) -> Option<Vec<Event>> {
    let events = parts.as_chunks::<3>().0.iter().map(|[id, kind, frame]| {
        Some(Event {
            id: Some(std::str::from_utf8(id).ok()?.parse().ok()?),
            kind: std::str::from_utf8(kind).ok()?.parse().ok()?,
            frame: frame.clone(),
        })
    });
    events.collect()
}

fn foreign() -> Unavailable {
    Unavailable::redis("a page is not of our form")
}

fn end_of_log(status: &str, top: &str) -> Top {
    let ended = status
        .parse()
        .is_ok_and(crate::execution::Status::has_ended);
    Top {
        last: top.parse().ok(),
        ended,
    }
}
