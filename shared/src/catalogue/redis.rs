//! The lists in Redis: sets of executions in the order of their ids, and an index of sessions by activity.

use async_trait::async_trait;

use super::{
    Catalogue, ExecutionPage, ExecutionQuery, Order, SessionPage, SessionQuery, Tidied, Walk,
};
use crate::error::{ListError, Unavailable};
use crate::id::{ExecutionKey, SessionId};
use crate::redis::{Redis, call};
use crate::store::Retention;
use crate::store::redis::Outside;
use crate::timestamp::Timestamp;

mod entry;
mod executions;
mod forgetting;
mod of_session;
mod sessions;
mod tidy;

pub(crate) use entry::Entry;
pub(crate) use executions::YOUNG;
pub(crate) use sessions::{SessionIndex, Standing};

/// A cheap handle.
#[derive(Clone)]
pub struct RedisCatalogue {
    redis: Redis,
    index: SessionIndex,
    hints: Outside,
    retention: Retention,
}

impl RedisCatalogue {
    pub(crate) fn new(redis: Redis, retention: Retention) -> Self {
        Self {
            index: SessionIndex::new(redis.clone()),
            hints: Outside::new(redis.clone(), retention.execution),
            redis,
            retention,
        }
    }

    /// The time on Redis's own clock: those of the machines differ.
    async fn now(&self) -> Result<Timestamp, Unavailable> {
        let mut hot = self.redis.hot();
        let (seconds, micros): (i64, i64) = call(redis::cmd("TIME").query_async(&mut hot)).await?;
        Ok(Timestamp(seconds * 1000 + micros / 1000))
    }
}

#[async_trait]
impl Catalogue for RedisCatalogue {
    async fn executions(&self, query: &ExecutionQuery) -> Result<ExecutionPage, ListError> {
        self.list_executions(query).await
    }

    async fn sessions(&self, query: &SessionQuery) -> Result<SessionPage, ListError> {
        self.list_sessions(query).await
    }

    async fn of_session(
        &self,
        session: SessionId,
        after: Option<u64>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(u64, ExecutionKey)>, Unavailable> {
        self.numbered(session, after, order, limit).await
    }

    async fn tidy(&self, walk: &mut Walk) -> Result<Tidied, Unavailable> {
        let Some(now) = self.take_turn(walk).await? else {
            return Ok(Tidied::default());
        };
        let executions = self.tidy_executions(walk, now).await?;
        let sessions = self.tidy_sessions(walk).await?;
        let pending = self.tidy_pending(walk, now).await?;
        Ok(executions.and(sessions).and(pending))
    }
}
