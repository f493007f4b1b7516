//! The index of sessions, compared with the records.

use redis::Pipeline;

use super::super::RedisCatalogue;
use super::super::sessions::{EVERYBODY, Standing};
use super::ROUND;
use crate::catalogue::{Tidied, Walk};
use crate::error::Unavailable;
use crate::id::SessionId;
use crate::session::SessionStatus;

/// What the index knows of a session: version and position.
type Known = (u64, u64);

/// Of a session's record: version, workspace and whether it is closed; and the head of its order.
type Recorded = ([Option<String>; 3], Option<String>);

impl RedisCatalogue {
    /// First what is so old that it may be gone, then a part of everything.
    pub(in super::super) async fn tidy_sessions(
        &self,
        walk: &mut Walk,
    ) -> Result<Tidied, Unavailable> {
        let trimmed = self.index.trim(ROUND).await?;
        let aged = self.drop_aged(&[EVERYBODY], ROUND).await?;
        let mut pipe = Pipeline::new();
        pipe.cmd("HSCAN")
            .arg(self.redis.keys().known_sessions())
            .arg(walk.sessions)
            .arg("COUNT")
            .arg(ROUND);
        type Scanned = (u64, Vec<(String, String)>);
        let ((next, known),): (Scanned,) = self.redis.list(&pipe).await?;
        let sessions = known.iter().filter_map(|(session, _)| session.parse().ok());
        let sessions: Vec<_> = sessions.collect();
        let changed = self.put_right(&sessions).await?;
        walk.sessions = next;
        let trimmed = Tidied::of(trimmed, ROUND).and(Tidied::of(aged, ROUND));
        Ok(trimmed.and(Tidied {
            changed,
            is_behind: false,
        }))
    }

    /// Makes the index know of these sessions what their records say. Answers how many it did not know rightly.
    pub(super) async fn put_right(&self, sessions: &[SessionId]) -> Result<usize, Unavailable> {
        let mut gone = Vec::new();
        let mut changed = 0;
        for (session, known, standing) in self.compare(sessions).await? {
            match (known, standing) {
                (Some((_, position)), None) => gone.push((session, position)),
                (Some((version, _)), Some(standing)) if version >= standing.version => {}
                (_, Some(standing)) => {
                    changed += usize::from(self.index.try_touch(session, &standing).await?);
                }
                (None, None) => {}
            }
        }
        Ok(changed + self.index.drop(&gone).await?)
    }

    /// What the index knows of each session, and what the record says. In this order: a session that comes into being
    /// in between is not taken for one that is gone.
    async fn compare(
        &self,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, Option<Known>, Option<Standing>)>, Unavailable> {
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.redis.keys();
        let (mut known, mut records) = (Pipeline::new(), Pipeline::new());
        for session in sessions {
            known.hget(keys.known_sessions(), session.to_string());
            records.hmget(
                keys.session(*session),
                &["version", "workspace_id", "closed"],
            );
            records.lindex(keys.order(*session), 0);
        }
        let known: Vec<Option<String>> = self.redis.list(&known).await?;
        let records: Vec<redis::Value> = self.redis.list(&records).await?;
        let records = records.as_chunks::<2>().0;
        let compared = sessions.iter().zip(known).zip(records);
        compared
            .map(|((session, known), [record, head])| {
                let record = redis::from_redis_value_ref(record).map_err(Unavailable::redis)?;
                let head = redis::from_redis_value_ref(head).map_err(Unavailable::redis)?;
                let known = known.as_deref().and_then(read_known);
                Ok((*session, known, standing((record, head))))
            })
            .collect()
    }
}

/// Reads what `touch.lua` writes: version, status, position and workspace.
fn read_known(text: &str) -> Option<Known> {
    let mut words = text.split(' ');
    Some((words.next()?.parse().ok()?, words.nth(1)?.parse().ok()?))
}

fn standing((record, head): Recorded) -> Option<Standing> {
    let [version, workspace, closed] = record;
    Some(Standing {
        version: version?.parse().ok()?,
        workspace: workspace?.parse().ok()?,
        status: match (closed, head) {
            (Some(_), _) => SessionStatus::Closed,
            (None, Some(_)) => SessionStatus::Active,
            (None, None) => SessionStatus::Idle,
        },
    })
}
