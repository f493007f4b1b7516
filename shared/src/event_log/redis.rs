//! The log in Redis: a stream per execution for the record, and its channel for what is live.

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackPage, Batch, EventLog, LiveBatch, PAGE_BYTES, Page, Subscription, Top};
use crate::error::{LeaseError, Unavailable};
use crate::id::{EventId, ExecutionKey};
use crate::redis::{Redis, call, on};
use crate::store::{Lease, Retention};

mod entries;

use entries::{entries, events};

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
        let all_recorded = batch.events.iter().all(|event| event.id.is_some());
        append.arg(match all_recorded {
            true => Vec::new(),
            false => LiveBatch::encode(batch.events),
        });
        for entry in entries(batch.events, self.retention.max_events) {
            append
                .arg(entry.first.to_string())
                .arg(entry.last.to_string())
                .arg(entry.count)
                .arg(entry.messages)
                .arg(entry.events);
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
        let place = after.map_or_else(|| "0-0".to_owned(), |id| id.to_string());
        read.arg(place).arg(limit).arg(PAGE_BYTES);
        let mut connection = self.redis.pages();
        let answer: Vec<Bytes> = call(read.invoke_async(&mut connection)).await?;
        let mut page = decode_page(&answer).ok_or_else(foreign)?;
        page.events.retain(|event| event.id > after);
        page.events.truncate(limit);
        Ok(page)
    }

    async fn read_back(
        &self,
        key: ExecutionKey,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<BackPage, Unavailable> {
        let mut read = on(&self.redis.scripts().read_back, self.redis.keys(), key);
        let place = before.map_or_else(|| "+".to_owned(), |id| id.to_string());
        read.arg(place).arg(limit).arg(PAGE_BYTES);
        let mut connection = self.redis.pages();
        let mut answer: Vec<Bytes> = call(read.invoke_async(&mut connection)).await?;
        answer.reverse(); // The oldest entry first, as its events are.
        let (more, oldest_first) = answer.split_last().ok_or_else(foreign)?;
        let mut events = events(oldest_first).ok_or_else(foreign)?;
        events.reverse();
        events.retain(|event| before.is_none() || event.id < before);
        let more = more.as_ref() == b"1" || events.len() > limit;
        events.truncate(limit);
        Ok(BackPage { events, more })
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
fn decode_page(answer: &[Bytes]) -> Option<Page> {
    let (head, entries) = answer.split_at_checked(4)?;
    let text = |index: usize| std::str::from_utf8(&head[index]).ok();
    Some(Page {
        top: end_of_log(text(0)?, text(1)?),
        trimmed: text(2)?.parse().ok(),
        earliest: text(3)?.parse().ok(),
        events: events(entries)?,
    })
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
