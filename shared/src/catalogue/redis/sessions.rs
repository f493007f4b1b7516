//! Pages of sessions: the index says which and in what order, the records what they are.

use redis::Pipeline;

use super::RedisCatalogue;
use crate::catalogue::{Reach, SessionCursor, SessionPage, SessionQuery};
use crate::error::{ListError, Unavailable};
use crate::id::{SessionId, WorkspaceId};
use crate::session::Session;
use crate::store::redis::record;

mod index;
mod standing;

use index::Answer;
pub(crate) use index::SessionIndex;
pub(crate) use standing::Standing;

/// Rounds in which a page is filled at most: each but the first makes up for sessions that turned out to be gone.
const ROUNDS: usize = 10;

/// Sessions of each status and workspace that one page looks after at most, whether their records are gone.
const AGED: usize = 200;

/// Everybody's scope; no workspace's name begins so.
pub(super) const EVERYBODY: &str = "*";

impl RedisCatalogue {
    pub(super) async fn list_sessions(
        &self,
        query: &SessionQuery,
    ) -> Result<SessionPage, ListError> {
        let scopes = scopes(&query.reach);
        if scopes.is_empty() {
            return Ok(SessionPage::default());
        }
        self.drop_aged(&scopes, AGED).await?;
        let mut page = SessionPage {
            next: query.after,
            ..SessionPage::default()
        };
        let mut shown = Vec::new();
        for _ in 0..ROUNDS {
            // One more than the page holds: it tells whether anything follows.
            let room = query.limit + 1 - shown.len();
            let answer = self.index.list(&scopes, query.status, page.next, room);
            let Answer::Page {
                moment,
                total,
                below,
                sessions,
            } = answer.await?
            else {
                return Err(ListError::InvalidCursor);
            };
            let (found, gone) = self.read_sessions(&sessions).await?;
            let gone: Vec<_> = gone.into_iter().map(|session| (session, moment)).collect();
            let dropped = self.index.drop(&gone).await?;
            let found = found.into_iter().filter(|(session, _)| {
                query.status.is_none_or(|status| status == session.status())
            });
            shown.extend(found);
            page.total = total.saturating_sub(u64::try_from(dropped).unwrap_or_default());
            page.next = below.map(|below| SessionCursor { moment, below });
            if shown.len() > query.limit {
                shown.truncate(query.limit);
                let last = shown.last().map(|(_, below)| *below);
                page.next = last.map(|below| SessionCursor { moment, below });
                break;
            }
            if page.next.is_none() {
                break;
            }
        }
        page.sessions = shown.into_iter().map(|(session, _)| session).collect();
        Ok(page)
    }

    /// Forgets sessions that have rested for as long as they are kept, and whose records are gone. Answers how many.
    pub(super) async fn drop_aged(
        &self,
        scopes: &[&str],
        limit: usize,
    ) -> Result<usize, Unavailable> {
        let aged = self
            .index
            .aged(scopes, self.retention.session, limit)
            .await?;
        if aged.is_empty() {
            return Ok(0);
        }
        let mut pipe = Pipeline::new();
        for (session, _) in &aged {
            pipe.exists(self.redis.keys().session(*session));
        }
        let there: Vec<bool> = self.redis.list(&pipe).await?;
        let gone = aged.into_iter().zip(there).filter(|(_, there)| !there);
        let gone: Vec<_> = gone.map(|(session, _)| session).collect();
        self.index.drop(&gone).await
    }

    /// The records of sessions with their positions, in the same order, and the sessions that have none.
    async fn read_sessions(
        &self,
        sessions: &[(SessionId, u64)],
    ) -> Result<(Vec<(Session, u64)>, Vec<SessionId>), Unavailable> {
        let (mut shown, mut gone) = (Vec::new(), Vec::new());
        if sessions.is_empty() {
            return Ok((shown, gone));
        }
        let mut pipe = Pipeline::new();
        for (session, _) in sessions {
            record::ask_session(&mut pipe, self.redis.keys(), *session);
        }
        let answers: Vec<redis::Value> = self.redis.list(&pipe).await?;
        for ((session, position), answer) in sessions.iter().zip(answers.as_chunks::<2>().0) {
            match record::read_session(*session, answer)? {
                Some(record) => shown.push((record, *position)),
                None => gone.push(*session),
            }
        }
        Ok((shown, gone))
    }
}

fn scopes(reach: &Reach) -> Vec<&str> {
    match reach {
        Reach::All => vec![EVERYBODY],
        Reach::Only(workspaces) => {
            let mut scopes: Vec<_> = workspaces.iter().map(WorkspaceId::as_str).collect();
            scopes.sort_unstable();
            scopes.dedup();
            scopes
        }
    }
}
