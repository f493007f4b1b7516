//! Pages of executions: entries in order, those that fit, and their records.

use std::time::Duration;

use redis::Pipeline;

use super::{Entry, RedisCatalogue};
use crate::catalogue::{ExecutionCursor, ExecutionPage, ExecutionQuery, Order, Reach};
use crate::error::{ListError, Unavailable};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::store::redis::record;

mod filling;
mod merge;

use filling::Filling;
use merge::Merge;

/// Entries that are looked at together.
const CHUNK: usize = 200;

/// An entry without a record that is younger may be about to get one. An older one may be, too, where Redis was emptied;
/// its writer enters it again.
pub(crate) const YOUNG: Duration = Duration::from_secs(300);

/// A place in the list, and what is entered there.
struct Place {
    cursor: ExecutionCursor,
    key: ExecutionKey,
    /// `None` in the list of a session, which forgets by itself.
    entry: Option<Entry>,
}

/// What is looked at of a record before it is read whole.
type Glance = (Option<String>, usize, usize);

impl RedisCatalogue {
    pub(super) async fn list_executions(
        &self,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, ListError> {
        let mut page = Filling::new(query);
        if let Some(session) = query.session
            && !self.is_within(session, &query.reach).await?
        {
            return Ok(page.done());
        }
        loop {
            let places = self.places(query, page.cursor()).await?;
            self.fill(&mut page, &places).await?;
            if places.len() < CHUNK && page.is_past(places.last().map(|place| place.cursor)) {
                return Ok(page.done());
            }
            if page.is_full() {
                return Ok(page.continued());
            }
        }
    }

    /// Whether a session is of a workspace within the reach.
    async fn is_within(&self, session: SessionId, reach: &Reach) -> Result<bool, Unavailable> {
        let mut pipe = Pipeline::new();
        pipe.hget(self.redis.keys().session(session), "workspace_id");
        let (workspace,): (Option<String>,) = self.redis.list(&pipe).await?;
        let workspace = workspace.and_then(|text| text.parse().ok());
        Ok(workspace.is_some_and(|workspace| reach.holds(&workspace)))
    }

    /// The next places of the list, at most [`CHUNK`]; fewer only at its end.
    async fn places(
        &self,
        query: &ExecutionQuery,
        after: Option<ExecutionCursor>,
    ) -> Result<Vec<Place>, ListError> {
        match (query.session, after) {
            (None, None) => Ok(self.entries(&query.reach, None).await?),
            (None, Some(ExecutionCursor::Below(id))) => {
                Ok(self.entries(&query.reach, Some(id)).await?)
            }
            (Some(session), None) => Ok(self.numbers(session, None).await?),
            (Some(session), Some(ExecutionCursor::BelowNumber(number))) => {
                Ok(self.numbers(session, Some(number)).await?)
            }
            _ => Err(ListError::InvalidCursor),
        }
    }

    async fn numbers(
        &self,
        session: SessionId,
        below: Option<u64>,
    ) -> Result<Vec<Place>, Unavailable> {
        let numbered = self
            .numbered(session, below, Order::Descending, CHUNK)
            .await?;
        let places = numbered.into_iter().map(|(number, key)| Place {
            cursor: ExecutionCursor::BelowNumber(number),
            key,
            entry: None,
        });
        Ok(places.collect())
    }

    async fn entries(
        &self,
        reach: &Reach,
        below: Option<ExecutionId>,
    ) -> Result<Vec<Place>, Unavailable> {
        let keys = self.redis.keys();
        let sets = match reach {
            Reach::All => vec![keys.executions()],
            Reach::Only(workspaces) => {
                let mut sets: Vec<_> = workspaces.iter().map(|w| keys.executions_of(w)).collect();
                sets.sort_unstable();
                sets.dedup();
                sets
            }
        };
        let from = below.map_or_else(|| "+".to_owned(), |id| format!("({id}"));
        let members = self.newest(Merge::new(sets, &from, CHUNK)).await?;
        let entries = members.into_iter().filter_map(|text| text.parse().ok());
        let places = entries.map(|entry: Entry| Place {
            cursor: ExecutionCursor::Below(entry.key.execution),
            key: entry.key,
            entry: Some(entry),
        });
        Ok(places.collect())
    }

    async fn newest(&self, mut merge: Merge) -> Result<Vec<String>, Unavailable> {
        let mut members = Vec::new();
        loop {
            let room = CHUNK - members.len();
            members.extend(std::iter::from_fn(|| merge.take()).take(room));
            let hungry = merge.hungry();
            if members.len() == CHUNK || hungry.is_empty() {
                return Ok(members);
            }
            let mut pipe = Pipeline::new();
            for (set, from) in hungry {
                pipe.cmd("ZREVRANGEBYLEX").arg(set).arg(from).arg("-");
                pipe.arg("LIMIT").arg(0).arg(merge.step());
            }
            merge.feed(self.redis.list(&pipe).await?);
        }
    }

    /// Puts those of these places on the page that fit, until it is full.
    async fn fill(&self, page: &mut Filling<'_>, places: &[Place]) -> Result<(), Unavailable> {
        if places.is_empty() {
            return Ok(());
        }
        let glances = self.glance(places).await?;
        let mut chosen = Vec::new();
        let mut without = Vec::new();
        for (place, (status, result, metadata)) in places.iter().zip(glances) {
            let status = status.and_then(|status| status.parse().ok());
            match (status, &place.entry) {
                (Some(status), _) if page.wants(status) => {
                    if !page.take_room(result + metadata) {
                        break;
                    }
                    chosen.push(place.key);
                }
                (None, Some(entry)) => without.push(entry),
                _ => {}
            }
            page.pass(place.cursor);
        }
        self.show(page, &chosen).await?;
        self.forget_old(without).await
    }

    /// Removes entries that were seen without a record and are not about to get one.
    async fn forget_old(&self, mut without: Vec<&Entry>) -> Result<(), Unavailable> {
        if without.is_empty() {
            return Ok(());
        }
        let now = self.now().await?;
        without.retain(|entry| entry.age(now) > YOUNG);
        self.forget(&without).await
    }

    async fn glance(&self, places: &[Place]) -> Result<Vec<Glance>, Unavailable> {
        let mut pipe = Pipeline::new();
        for place in places {
            let record = self.redis.keys().execution(place.key);
            pipe.hget(&record, "status");
            pipe.cmd("HSTRLEN").arg(&record).arg("result");
            pipe.cmd("HSTRLEN").arg(&record).arg("metadata");
        }
        let answers: Vec<redis::Value> = self.redis.list(&pipe).await?;
        let glances = answers
            .as_chunks::<3>()
            .0
            .iter()
            .map(|[status, result, metadata]| {
                Ok((
                    redis::from_redis_value_ref(status)?,
                    redis::from_redis_value_ref(result)?,
                    redis::from_redis_value_ref(metadata)?,
                ))
            });
        glances
            .collect::<Result<_, redis::ParsingError>>()
            .map_err(Unavailable::redis)
    }

    async fn show(
        &self,
        page: &mut Filling<'_>,
        chosen: &[ExecutionKey],
    ) -> Result<(), Unavailable> {
        if chosen.is_empty() {
            return Ok(());
        }
        let mut pipe = Pipeline::new();
        for key in chosen {
            pipe.cmd("HMGET")
                .arg(self.redis.keys().execution(*key))
                .arg(record::FIELDS);
        }
        let records: Vec<Vec<Option<String>>> = self.redis.list(&pipe).await?;
        for (key, fields) in chosen.iter().zip(records) {
            if let Some(execution) = record::execution(*key, &fields) {
                page.put(execution);
            }
        }
        Ok(())
    }
}
