//! The lists in memory: one more face of [`MemoryStore`].

use std::cmp::Reverse;

use async_trait::async_trait;

use super::{
    Catalogue, ExecutionCursor, ExecutionPage, ExecutionQuery, Order, PAGE_BYTES, SessionCursor,
    SessionPage, SessionQuery, Tidied, Walk,
};
use crate::error::{ListError, Unavailable};
use crate::execution::Execution;
use crate::id::{ExecutionKey, SessionId};
use crate::store::memory::{MemoryStore, State};
use crate::timestamp::Timestamp;

mod index;

pub(crate) use index::Index;

#[async_trait]
impl Catalogue for MemoryStore {
    async fn executions(&self, query: &ExecutionQuery) -> Result<ExecutionPage, ListError> {
        let state = self.state();
        let places = match query.session {
            Some(session) => of_session(&state, query, session)?,
            None => by_id(&state, query)?,
        };
        let fitting = places.into_iter().filter(|(_, execution)| {
            query.reach.holds(&execution.workspace_id)
                && query.status.is_none_or(|status| status == execution.status)
        });
        Ok(page_of(fitting.collect(), query.limit))
    }

    async fn sessions(&self, query: &SessionQuery) -> Result<SessionPage, ListError> {
        let mut state = self.state();
        let now = now();
        let moment = match query.after {
            None => state.index.begin(now),
            Some(cursor) if state.index.serves(now, cursor.moment) => cursor.moment,
            Some(_) => return Err(ListError::InvalidCursor),
        };
        let below = query.after.map_or(moment + 1, |cursor| cursor.below);
        let fits = |workspace: &_, status| {
            query.reach.holds(workspace) && query.status.is_none_or(|wanted| wanted == status)
        };
        let then = state.index.at(moment, fits).into_iter();
        let mut then = then
            .filter(|(position, _)| *position < below)
            .filter_map(|(position, session)| {
                Some((position, state.sessions.get(&session)?.shown()))
            })
            .filter(|(_, session)| query.status.is_none_or(|wanted| wanted == session.status()))
            .peekable();
        let (mut sessions, mut below) = (Vec::new(), None);
        while let Some((position, session)) = then.next_if(|_| sessions.len() < query.limit) {
            sessions.push(session);
            below = Some(position);
        }
        let below = below.filter(|_| then.peek().is_some());
        Ok(SessionPage {
            sessions,
            total: u64::try_from(state.index.count(fits)).unwrap_or(u64::MAX),
            next: below.map(|below| SessionCursor { moment, below }),
        })
    }

    async fn of_session(
        &self,
        session: SessionId,
        after: Option<u64>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(u64, ExecutionKey)>, Unavailable> {
        let state = self.state();
        let Some(entry) = state.sessions.get(&session) else {
            return Ok(Vec::new());
        };
        let there = entry
            .accepted
            .iter()
            .filter(|(_, id)| state.executions.contains_key(id));
        let there = there.map(|(number, execution)| {
            let execution = *execution;
            (*number, ExecutionKey { session, execution })
        });
        Ok(match order {
            Order::Ascending => there
                .filter(|(number, _)| after.is_none_or(|after| *number > after))
                .take(limit)
                .collect(),
            Order::Descending => there
                .rev()
                .filter(|(number, _)| after.is_none_or(|after| *number < after))
                .take(limit)
                .collect(),
        })
    }

    /// Nothing is ever left over here: every look at the state forgets what has expired.
    async fn tidy(&self, _: &mut Walk) -> Result<Tidied, Unavailable> {
        Ok(Tidied::default())
    }
}

/// The index's clock, in ms.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().0).unwrap_or_default()
}

type Places<'a> = Vec<(ExecutionCursor, &'a Execution)>;

/// What lies behind the cursor, the newest first.
fn by_id<'a>(state: &'a State, query: &ExecutionQuery) -> Result<Places<'a>, ListError> {
    let below = match query.after {
        None => None,
        Some(ExecutionCursor::Below(id)) => Some(id),
        Some(ExecutionCursor::BelowNumber(_)) => return Err(ListError::InvalidCursor),
    };
    let entries = state.executions.iter();
    let mut places: Vec<_> = entries
        .filter(|(id, _)| below.is_none_or(|below| **id < below))
        .map(|(id, entry)| (ExecutionCursor::Below(*id), &entry.record))
        .collect();
    places.sort_unstable_by_key(|(_, execution)| Reverse(execution.execution_id));
    Ok(places)
}

/// What lies behind the cursor of a session's executions, the newest first.
fn of_session<'a>(
    state: &'a State,
    query: &ExecutionQuery,
    session: SessionId,
) -> Result<Places<'a>, ListError> {
    let below = match query.after {
        None => u64::MAX,
        Some(ExecutionCursor::BelowNumber(number)) => number,
        Some(ExecutionCursor::Below(_)) => return Err(ListError::InvalidCursor),
    };
    let Some(entry) = state.sessions.get(&session) else {
        return Ok(Vec::new());
    };
    let numbered = entry.accepted.range(..below).rev();
    let places = numbered.filter_map(|(number, id)| {
        let record = &state.executions.get(id)?.record;
        Some((ExecutionCursor::BelowNumber(*number), record))
    });
    Ok(places.collect())
}

fn page_of(places: Places<'_>, limit: usize) -> ExecutionPage {
    let mut page = ExecutionPage::default();
    let mut bytes = 0;
    for (cursor, execution) in places {
        bytes += size(execution);
        let fits = page.executions.is_empty() || bytes <= PAGE_BYTES;
        if page.executions.len() == limit || !fits {
            return page; // With the cursor of the one before.
        }
        page.executions.push(execution.clone());
        page.next = Some(cursor);
    }
    ExecutionPage { next: None, ..page }
}

fn size(execution: &Execution) -> usize {
    let parts = [&execution.result, &execution.metadata];
    let texts = parts.into_iter().flatten();
    texts.map(|text| text.get().len()).sum()
}
