//! Pages of sessions: the index says which and in what order, the records what they are.

use std::time::Duration;

use redis::{Pipeline, ScriptInvocation};
use tracing::warn;

use super::RedisCatalogue;
use crate::catalogue::{Reach, SessionCursor, SessionPage, SessionQuery};
use crate::error::{ListError, Unavailable};
use crate::id::{SessionId, WorkspaceId};
use crate::redis::{Redis, call};
use crate::session::{Session, SessionStatus};
use crate::store::redis::record;

mod standing;

pub(crate) use standing::Standing;

/// Positions that one page looks at, at most.
const MOST: usize = 4_000;

/// Rounds in which a page is filled at most: each but the first makes up for sessions that turned out to be gone.
const ROUNDS: usize = 10;

/// Sessions of each status and workspace that one page looks after at most, whether their records are gone.
const AGED: usize = 200;

/// Everybody's scope; no workspace's name begins so.
pub(super) const EVERYBODY: &str = "*";

/// What the index answers.
enum Answer {
    Page {
        moment: u64,
        total: u64,
        /// Where the next page begins.
        below: Option<u64>,
        sessions: Vec<SessionId>,
    },
    /// The index no longer knows how things stood at that moment.
    Invalid,
}

/// The index of sessions by activity. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SessionIndex {
    redis: Redis,
}

impl SessionIndex {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Moves a session to the front. Where that fails, the janitor makes up for it: the record is what counts.
    pub(crate) async fn touch(&self, session: SessionId, standing: Option<Standing>) {
        let Some(standing) = standing else { return };
        if let Err(error) = self.try_touch(session, &standing).await {
            warn!(%session, %error, "the list of sessions does not show the last activity yet");
        }
    }

    /// Whether it moved: not where the index knows of something newer.
    pub(super) async fn try_touch(
        &self,
        session: SessionId,
        standing: &Standing,
    ) -> Result<bool, Unavailable> {
        let mut touch = self.redis.scripts().sessions.touch.prepare_invoke();
        touch
            .key(self.redis.keys().session_index())
            .arg(session.to_string())
            .arg(standing.version)
            .arg(standing.status.as_str())
            .arg(standing.workspace.as_str());
        self.invoke(&touch).await
    }

    /// Forgets sessions whose records are gone, unless they have moved from the position beside them.
    pub(super) async fn drop(&self, gone: &[(SessionId, u64)]) -> Result<usize, Unavailable> {
        if gone.is_empty() {
            return Ok(0);
        }
        let mut drop = self.redis.scripts().sessions.drop.prepare_invoke();
        drop.key(self.redis.keys().session_index());
        for (session, position) in gone {
            drop.arg(session.to_string()).arg(position);
        }
        self.invoke(&drop).await
    }

    /// Sessions of these scopes that rested for so long that they may be gone, with their positions.
    pub(super) async fn aged(
        &self,
        scopes: &[&str],
        rested: Duration,
        limit: usize,
    ) -> Result<Vec<(SessionId, u64)>, Unavailable> {
        let mut aged = self.redis.scripts().sessions.aged.prepare_invoke();
        aged.key(self.redis.keys().session_index())
            .arg(u64::try_from(rested.as_millis()).unwrap_or(u64::MAX))
            .arg(limit);
        for scope in scopes {
            aged.arg(*scope);
        }
        let found: Vec<(String, u64)> = self.invoke(&aged).await?;
        let found = found.into_iter();
        Ok(found
            .filter_map(|(session, position)| Some((session.parse().ok()?, position)))
            .collect())
    }

    /// Forgets past positions that are no longer kept; answers how many.
    pub(super) async fn trim(&self, limit: usize) -> Result<usize, Unavailable> {
        let mut trim = self.redis.scripts().sessions.trim.prepare_invoke();
        trim.key(self.redis.keys().session_index()).arg(limit);
        self.invoke(&trim).await
    }

    async fn list(
        &self,
        scopes: &[&str],
        status: Option<SessionStatus>,
        after: Option<SessionCursor>,
        limit: usize,
    ) -> Result<Answer, Unavailable> {
        let one = status.map(|status| [status]);
        let statuses = one.as_ref().map_or(&SessionStatus::ALL[..], |one| &one[..]);
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let mut list = self.redis.scripts().sessions.list.prepare_invoke();
        list.key(self.redis.keys().session_index())
            .arg(number(after.map(|cursor| cursor.moment)))
            .arg(number(after.map(|cursor| cursor.below)))
            .arg(limit)
            .arg(MOST)
            .arg(statuses.len());
        for word in statuses.iter().map(|status| status.as_str()) {
            list.arg(word);
        }
        for scope in scopes {
            list.arg(*scope);
        }
        let words: Vec<String> = self.invoke(&list).await?;
        Answer::read(&words).ok_or_else(|| Unavailable::redis("a page is not of our form"))
    }

    async fn invoke<T: redis::FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let mut hot = self.redis.hot();
        call(script.invoke_async(&mut hot)).await
    }
}

impl Answer {
    fn read(words: &[String]) -> Option<Self> {
        let (moment, rest) = words.split_first()?;
        if moment == "invalid" {
            return Some(Self::Invalid);
        }
        let ([total, below], sessions) = rest.split_first_chunk()?;
        Some(Self::Page {
            moment: moment.parse().ok()?,
            total: total.parse().ok()?,
            below: below.parse().ok(),
            sessions: sessions
                .iter()
                .filter_map(|session| session.parse().ok())
                .collect(),
        })
    }
}

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
        for _ in 0..ROUNDS {
            let room = query.limit - page.sessions.len();
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
            let (shown, gone) = self.read_sessions(&sessions).await?;
            let gone: Vec<_> = gone.into_iter().map(|session| (session, moment)).collect();
            let dropped = self.index.drop(&gone).await?;
            let fitting =
                |session: &Session| query.status.is_none_or(|status| status == session.status());
            page.sessions.extend(shown.into_iter().filter(fitting));
            page.total = total.saturating_sub(u64::try_from(dropped).unwrap_or_default());
            page.next = below.map(|below| SessionCursor { moment, below });
            if page.next.is_none() || page.sessions.len() >= query.limit {
                break;
            }
        }
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
        let there: Vec<bool> = self.ask(&pipe).await?;
        let gone = aged.into_iter().zip(there).filter(|(_, there)| !there);
        let gone: Vec<_> = gone.map(|(session, _)| session).collect();
        self.index.drop(&gone).await
    }

    /// The records of sessions, in the same order, and the sessions that have none.
    async fn read_sessions(
        &self,
        sessions: &[SessionId],
    ) -> Result<(Vec<Session>, Vec<SessionId>), Unavailable> {
        let (mut shown, mut gone) = (Vec::new(), Vec::new());
        if sessions.is_empty() {
            return Ok((shown, gone));
        }
        let mut pipe = Pipeline::new();
        for session in sessions {
            record::ask_session(&mut pipe, self.redis.keys(), *session);
        }
        let answers: Vec<redis::Value> = self.ask(&pipe).await?;
        for (session, answer) in sessions.iter().zip(answers.as_chunks::<2>().0) {
            match record::read_session(*session, answer)? {
                Some(record) => shown.push(record),
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
