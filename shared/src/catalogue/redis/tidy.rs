//! The janitor's rounds: what the record has forgotten goes from the lists, and what a crash left out is put right.

use std::time::Duration;

use redis::Pipeline;

use super::{Entry, RedisCatalogue};
use crate::catalogue::{Tidied, Walk};
use crate::error::Unavailable;
use crate::id::ExecutionKey;
use crate::redis::{call, millis};
use crate::timestamp::Timestamp;

mod sessions;

/// Things looked at in one round, of each sort.
const ROUND: usize = 500;

/// What was entered as pending more lately may be about to get its record.
const YOUNG: Duration = Duration::from_secs(300);

/// How long a walker keeps its turn without asking again: two of its longest pauses.
const TURN: Duration = Duration::from_secs(40);

impl RedisCatalogue {
    /// Takes the turn of looking through the lists, or keeps it; answers the time, and `None` while another walker has
    /// it: so the load does not grow with their number.
    pub(super) async fn take_turn(&self, walk: &Walk) -> Result<Option<Timestamp>, Unavailable> {
        let mut turn = self.redis.scripts().turn.key(self.redis.keys().janitor());
        turn.arg(walk.walker.to_string()).arg(millis(TURN));
        let mut hot = self.redis.hot();
        let now: Option<i64> = call(turn.invoke_async(&mut hot)).await?;
        Ok(now.map(Timestamp))
    }

    /// The oldest executions first. What is younger than the retention still has its record, or never got one and is
    /// skipped by every reader.
    pub(super) async fn tidy_executions(
        &self,
        walk: &mut Walk,
        now: Timestamp,
    ) -> Result<Tidied, Unavailable> {
        // `0` comes right after the `/` that follows the id.
        let from = walk.executions.map(|id| format!("({id}0"));
        let mut pipe = Pipeline::new();
        pipe.cmd("ZRANGEBYLEX")
            .arg(self.redis.keys().executions())
            .arg(from.as_deref().unwrap_or("-"))
            .arg(format!("({}", ids_before(now, self.retention.execution)))
            .arg("LIMIT")
            .arg(0)
            .arg(ROUND);
        let (members,): (Vec<String>,) = self.redis.list(&pipe).await?;
        let entries = members.iter().filter_map(|text| text.parse().ok());
        let entries: Vec<Entry> = entries.collect();
        let gone = self
            .without_record(&entries.iter().collect::<Vec<_>>())
            .await?;
        self.forget(&gone).await?;
        let last = entries.last().map(|entry| entry.key.execution);
        walk.executions = last.filter(|_| members.len() == ROUND);
        Ok(Tidied {
            changed: gone.len(),
            is_behind: !gone.is_empty() && members.len() == ROUND,
        })
    }

    /// Forgets what is entered as pending and is not, and looks after the sessions of what is: one whose acceptance was
    /// not noted in the index would not be listed before it ends.
    pub(super) async fn tidy_pending(
        &self,
        walk: &mut Walk,
        now: Timestamp,
    ) -> Result<Tidied, Unavailable> {
        let mut pipe = Pipeline::new();
        let pending = self.redis.keys().pending();
        pipe.cmd("ZSCAN").arg(&pending).arg(walk.pending);
        pipe.arg("COUNT").arg(ROUND);
        type Scanned = (u64, Vec<(String, String)>);
        let ((next, members),): (Scanned,) = self.redis.list(&pipe).await?;
        let members = members.into_iter();
        let members: Vec<(ExecutionKey, String)> = members
            .filter_map(|(key, time)| Some((key.parse().ok()?, time)))
            .collect();
        let mut changed = self.drop_not_pending(&pending, &members, now).await?;
        let mut sessions: Vec<_> = members.iter().map(|(key, _)| key.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        changed += self.put_right(&sessions).await?;
        walk.pending = next;
        Ok(Tidied {
            changed,
            is_behind: false,
        })
    }

    async fn drop_not_pending(
        &self,
        pending: &str,
        members: &[(ExecutionKey, String)],
        now: Timestamp,
    ) -> Result<usize, Unavailable> {
        if members.is_empty() {
            return Ok(0);
        }
        let mut pipe = Pipeline::new();
        for (key, _) in members {
            pipe.hget(self.redis.keys().execution(*key), "status");
        }
        let statuses: Vec<Option<String>> = self.redis.list(&pipe).await?;
        let mut dropped = 0;
        for ((key, time), status) in members.iter().zip(statuses) {
            let stale = match status.as_deref() {
                Some(status) => status != "pending",
                None => time
                    .parse::<i64>()
                    .is_ok_and(|time| now.0.saturating_sub(time) > millis(YOUNG)),
            };
            if stale && self.hints.drop(pending, *key, time).await? {
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

/// How the ids begin that were made this long before.
fn ids_before(now: Timestamp, ago: Duration) -> String {
    let millis = now.0.saturating_sub(millis(ago)).max(0);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ExecutionId;

    #[test]
    fn ids_begin_with_their_time() {
        let new = ExecutionId::generate().to_string();
        let now = Timestamp::now();
        assert!(new < ids_before(now, Duration::ZERO) + "g");
        assert!(new > ids_before(now, Duration::from_secs(1)));
        assert!(ids_before(now, Duration::MAX).starts_with("00000000-0000"));
    }
}
