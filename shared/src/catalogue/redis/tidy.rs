//! The janitor's rounds: what the record has forgotten goes from the lists, and what a crash left out is put right.

use std::time::Duration;

use redis::Pipeline;

use super::{Entry, RedisCatalogue};
use crate::catalogue::Walk;
use crate::error::Unavailable;
use crate::id::ExecutionKey;
use crate::timestamp::Timestamp;

mod sessions;

/// Things looked at in one round, of each sort.
const ROUND: usize = 500;

/// What was entered as pending more lately may be about to get its record.
const YOUNG: Duration = Duration::from_secs(300);

impl RedisCatalogue {
    /// The oldest executions first. What is younger than the retention still has its record, or never got one and is
    /// skipped by every reader.
    pub(super) async fn tidy_executions(&self, walk: &mut Walk) -> Result<usize, Unavailable> {
        // `0` comes right after the `/` that follows the id.
        let from = walk.executions.map(|id| format!("({id}0"));
        let mut pipe = Pipeline::new();
        pipe.cmd("ZRANGEBYLEX")
            .arg(self.redis.keys().executions())
            .arg(from.as_deref().unwrap_or("-"))
            .arg(format!("({}", ids_of(self.retention.execution)))
            .arg("LIMIT")
            .arg(0)
            .arg(ROUND);
        let (members,): (Vec<String>,) = self.ask(&pipe).await?;
        let entries = members.iter().filter_map(|text| text.parse().ok());
        let entries: Vec<Entry> = entries.collect();
        let gone = self.without_record(&entries).await?;
        let mut pipe = Pipeline::new();
        for entry in &gone {
            entry.remove(&mut pipe, self.redis.keys());
        }
        if !gone.is_empty() {
            let () = self.ask(pipe.ignore()).await?;
        }
        let last = entries.last().map(|entry| entry.key.execution);
        walk.executions = last.filter(|_| members.len() == ROUND);
        Ok(gone.len())
    }

    async fn without_record<'a>(
        &self,
        entries: &'a [Entry],
    ) -> Result<Vec<&'a Entry>, Unavailable> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = Pipeline::new();
        for entry in entries {
            pipe.exists(self.redis.keys().execution(entry.key));
        }
        let there: Vec<bool> = self.ask(&pipe).await?;
        let gone = entries.iter().zip(there).filter(|(_, there)| !there);
        Ok(gone.map(|(entry, _)| entry).collect())
    }

    /// Forgets what is entered as pending and is not, and looks after the sessions of what is: one whose acceptance was
    /// not noted in the index would not be listed before it ends.
    pub(super) async fn tidy_pending(&self, walk: &mut Walk) -> Result<usize, Unavailable> {
        let mut pipe = Pipeline::new();
        let pending = self.redis.keys().pending();
        pipe.cmd("ZSCAN").arg(&pending).arg(walk.pending);
        pipe.arg("COUNT").arg(ROUND);
        type Scanned = (u64, Vec<(String, String)>);
        let ((next, members),): (Scanned,) = self.ask(&pipe).await?;
        let members = members.into_iter();
        let members: Vec<(ExecutionKey, String)> = members
            .filter_map(|(key, time)| Some((key.parse().ok()?, time)))
            .collect();
        let mut changed = self.drop_not_pending(&pending, &members).await?;
        let mut sessions: Vec<_> = members.iter().map(|(key, _)| key.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        changed += self.put_right(&sessions).await?;
        walk.pending = next;
        Ok(changed)
    }

    async fn drop_not_pending(
        &self,
        pending: &str,
        members: &[(ExecutionKey, String)],
    ) -> Result<usize, Unavailable> {
        if members.is_empty() {
            return Ok(0);
        }
        let mut pipe = Pipeline::new();
        for (key, _) in members {
            pipe.hget(self.redis.keys().execution(*key), "status");
        }
        let statuses: Vec<Option<String>> = self.ask(&pipe).await?;
        let mut dropped = 0;
        for ((key, time), status) in members.iter().zip(statuses) {
            let stale = match status.as_deref() {
                Some(status) => status != "pending",
                None => time.parse().is_ok_and(|time| Timestamp(time).age() > YOUNG),
            };
            if stale && self.hints.drop(pending, *key, time).await? {
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

/// How the ids begin that were made this long ago.
fn ids_of(ago: Duration) -> String {
    let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    let millis = Timestamp::now().0.saturating_sub(ago).max(0);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ExecutionId;

    #[test]
    fn ids_begin_with_their_time() {
        let new = ExecutionId::generate().to_string();
        assert!(new < ids_of(Duration::ZERO) + "g");
        assert!(new > ids_of(Duration::from_secs(1)));
        assert!(ids_of(Duration::MAX).starts_with("00000000-0000"));
    }
}
