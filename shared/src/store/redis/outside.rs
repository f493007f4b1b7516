//! What lies outside a session's slot: pointers, leases by deadline, what is not dispatched, and the store's own age.
//!
//! These are hints. They are written in an order that makes a crash harmless, and whoever reads them believes the
//! record.

use std::time::Duration;

use redis::AsyncCommands as _;

use super::{millis, record};
use crate::error::Unavailable;
use crate::id::{ExecutionId, ExecutionKey};
use crate::job::Job;
use crate::redis::{Keys, Redis, call};
use crate::store::LostLease;
use crate::timestamp::Timestamp;

#[derive(Clone)]
pub(super) struct Outside {
    redis: Redis,
    /// How long an ended execution is still found.
    kept: Duration,
}

impl Outside {
    pub(super) fn new(redis: Redis, kept: Duration) -> Self {
        Self { redis, kept }
    }

    fn keys(&self) -> &Keys {
        self.redis.keys()
    }

    /// Before a record is written, or given back: without this, one whose job was never published would not be found
    /// again.
    pub(super) async fn announce(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let undispatched = self.keys().undispatched();
        tokio::try_join!(
            self.point(key),
            self.add(&undispatched, key, Duration::ZERO, true)
        )?;
        Ok(())
    }

    /// After a record was refused.
    pub(super) async fn take_back(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let mut pipe = redis::pipe();
        pipe.zrem(self.keys().undispatched(), key.to_string());
        pipe.del(self.keys().pointer(key.execution));
        self.send(&pipe).await
    }

    /// After a record has ended. A crash before this leaves entries that their next reader removes, and a pointer to
    /// nothing.
    pub(super) async fn ended(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let mut pipe = redis::pipe();
        pipe.zrem(self.keys().leases(), key.to_string());
        pipe.zrem(self.keys().undispatched(), key.to_string());
        pipe.pexpire(self.keys().pointer(key.execution), millis(self.kept));
        self.send(&pipe).await
    }

    /// Makes an execution found by its id.
    pub(super) async fn point(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let pointer = self.keys().pointer(key.execution);
        call(self.redis.hot().set(pointer, key.session.to_string())).await
    }

    pub(super) async fn locate(
        &self,
        execution: ExecutionId,
    ) -> Result<Option<ExecutionKey>, Unavailable> {
        let session: Option<String> =
            call(self.redis.hot().get(self.keys().pointer(execution))).await?;
        let session = session.and_then(|text| text.parse().ok());
        Ok(session.map(|session| ExecutionKey { session, execution }))
    }

    pub(super) async fn dispatched(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let undispatched = self.keys().undispatched();
        call(self.redis.hot().zrem(undispatched, key.to_string())).await
    }

    pub(super) async fn undispatched(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<Job>, Unavailable> {
        let undispatched = self.keys().undispatched();
        let mut jobs = Vec::new();
        for (key, time) in self.due(&undispatched, age, limit).await? {
            let record = self.keys().execution(key);
            let (status, job): (Option<String>, Option<String>) =
                call(self.redis.hot().hmget(record, &["status", "job"])).await?;
            match job {
                Some(job) if status.as_deref() == Some("pending") => jobs.extend(record::job(&job)),
                // It was taken meanwhile, or never recorded.
                _ => self.drop(&undispatched, key, &time).await?,
            }
        }
        Ok(jobs)
    }

    /// Enters a lease, or its new end. Before the claim, since nobody looks for a lease that is not entered.
    pub(super) async fn register(
        &self,
        key: ExecutionKey,
        length: Duration,
    ) -> Result<(), Unavailable> {
        self.add(&self.keys().leases(), key, length, false).await
    }

    /// Leases that ended `grace` ago. Whoever watches them also notes that this Redis is known, see [`Self::epoch`].
    pub(super) async fn lost(
        &self,
        grace: Duration,
        limit: usize,
    ) -> Result<Vec<LostLease>, Unavailable> {
        let () = call(
            self.redis
                .hot()
                .set_nx(self.keys().epoch(), Timestamp::now().0),
        )
        .await?;
        let leases = self.keys().leases();
        let mut lost = Vec::new();
        for (key, time) in self.due(&leases, grace, limit).await? {
            let record = self.keys().execution(key);
            let fields: record::LeaseFields =
                call(self.redis.hot().hmget(record, record::LEASE_FIELDS)).await?;
            match record::lost_lease(key, fields) {
                Some(lease) => lost.push(lease),
                None => self.drop(&leases, key, &time).await?,
            }
        }
        Ok(lost)
    }

    /// When this Redis was first seen; gone with everything else when it is emptied.
    pub(super) async fn epoch(&self) -> Result<Option<Timestamp>, Unavailable> {
        let epoch: Option<i64> = call(self.redis.hot().get(self.keys().epoch())).await?;
        Ok(epoch.map(Timestamp))
    }

    /// Enters a member that is due in a while, on Redis's own clock: those of the machines differ.
    async fn add(
        &self,
        set: &str,
        key: ExecutionKey,
        due_in: Duration,
        keep: bool,
    ) -> Result<(), Unavailable> {
        let mut add = self.redis.scripts().due_add.key(set);
        add.arg(key.to_string())
            .arg(millis(due_in))
            .arg(u8::from(keep));
        let mut hot = self.redis.hot();
        let _: i64 = call(add.invoke_async(&mut hot)).await?;
        Ok(())
    }

    /// The members of a set that were due `age` ago or earlier, each with its time.
    async fn due(
        &self,
        set: &str,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<(ExecutionKey, String)>, Unavailable> {
        let mut list = self.redis.scripts().due_list.key(set);
        list.arg(millis(age)).arg(limit);
        let mut hot = self.redis.hot();
        let members: Vec<(String, String)> = call(list.invoke_async(&mut hot)).await?;
        let members = members.into_iter();
        Ok(members
            .filter_map(|(key, time)| Some((key.parse().ok()?, time)))
            .collect())
    }

    /// Removes a member that was read with that time.
    async fn drop(&self, set: &str, key: ExecutionKey, time: &str) -> Result<(), Unavailable> {
        let mut drop = self.redis.scripts().due_drop.key(set);
        drop.arg(key.to_string()).arg(time);
        let mut hot = self.redis.hot();
        let _: i64 = call(drop.invoke_async(&mut hot)).await?;
        Ok(())
    }

    async fn send(&self, pipe: &redis::Pipeline) -> Result<(), Unavailable> {
        let mut hot = self.redis.hot();
        let _: Vec<redis::Value> = call(pipe.query_async(&mut hot)).await?;
        Ok(())
    }
}
