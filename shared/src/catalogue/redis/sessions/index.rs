//! The index of sessions by activity, and its scripts.

use std::time::Duration;

use redis::ScriptInvocation;
use tracing::warn;

use super::Standing;
use crate::catalogue::SessionCursor;
use crate::error::Unavailable;
use crate::id::SessionId;
use crate::redis::{Redis, call};
use crate::session::SessionStatus;

/// Positions that one page looks at, at most.
const MOST: usize = 4_000;

/// What the index answers.
pub(super) enum Answer {
    Page {
        moment: u64,
        total: u64,
        /// Where the next page begins.
        below: Option<u64>,
        /// Each with its position.
        sessions: Vec<(SessionId, u64)>,
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
    pub(in super::super) async fn try_touch(
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
    pub(in super::super) async fn drop(
        &self,
        gone: &[(SessionId, u64)],
    ) -> Result<usize, Unavailable> {
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
    pub(in super::super) async fn aged(
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
    pub(in super::super) async fn trim(&self, limit: usize) -> Result<usize, Unavailable> {
        let mut trim = self.redis.scripts().sessions.trim.prepare_invoke();
        trim.key(self.redis.keys().session_index()).arg(limit);
        self.invoke(&trim).await
    }

    pub(super) async fn list(
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
                .as_chunks::<2>()
                .0
                .iter()
                .filter_map(|[session, position]| {
                    Some((session.parse().ok()?, position.parse().ok()?))
                })
                .collect(),
        })
    }
}
