//! What lies outside a session's slot: pointers, leases by deadline, what is not dispatched, and the store's own age.
//!
//! These are hints. They are written in an order that makes a crash harmless, and whoever reads them believes the
//! record.

use std::time::Duration;

use redis::{AsyncCommands as _, Pipeline, ScriptInvocation};

use super::record;
use crate::catalogue::redis::Entry;
use crate::error::Unavailable;
use crate::id::{ExecutionId, ExecutionKey};
use crate::job::Job;
use crate::redis::{Keys, Redis, call, millis};
use crate::store::LostLease;
use crate::timestamp::Timestamp;

#[derive(Clone)]
pub(crate) struct Outside {
    redis: Redis,
    /// How long an ended execution is still found.
    kept: Duration,
}

impl Outside {
    pub(crate) fn new(redis: Redis, kept: Duration) -> Self {
        Self { redis, kept }
    }

    fn keys(&self) -> &Keys {
        self.redis.keys()
    }

    /// Adds what must be there before a record is written, or given back: without this, one whose job was never published
    /// would not be found again.
    pub(super) fn announce(&self, pipe: &mut Pipeline, job: &Job) {
        self.add_pointers(pipe, job);
        self.add_waiting(pipe, job.key());
    }

    /// Enters an execution that waits for a worker and whose job is not queued.
    pub(super) async fn waits(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let mut pipe = redis::pipe();
        self.add_waiting(&mut pipe, key);
        let due_add = &self.redis.scripts().due_add;
        self.redis.pipeline(&pipe, &[due_add]).await
    }

    fn add_waiting(&self, pipe: &mut Pipeline, key: ExecutionKey) {
        let (undispatched, pending) = (self.keys().undispatched(), self.keys().pending());
        let waits = self.adding(&undispatched, key, Duration::ZERO, true);
        pipe.invoke_script(&waits).ignore();
        // With a new time, so that nobody removes it for what was seen before.
        let counts = self.adding(&pending, key, Duration::ZERO, false);
        pipe.invoke_script(&counts).ignore();
    }

    /// After a record was refused.
    pub(super) async fn take_back(&self, job: &Job) -> Result<(), Unavailable> {
        let key = job.key();
        let mut pipe = redis::pipe();
        pipe.zrem(self.keys().undispatched(), key.to_string());
        pipe.zrem(self.keys().pending(), key.to_string());
        Entry::from(job).remove(&mut pipe, self.keys());
        pipe.del(self.keys().pointer(key.execution));
        self.send(&pipe).await
    }

    /// After a worker took it. A crash before this leaves an entry that the janitor removes.
    pub(super) async fn taken(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        call(
            self.redis
                .hot()
                .zrem(self.keys().pending(), key.to_string()),
        )
        .await
    }

    /// Removes an entry of [`Self::waits`] from what is counted, if the record says otherwise.
    pub(super) async fn still_waits(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let pending = self.keys().pending();
        // In this order: an entry made anew after the record was read has another time.
        let time: Option<String> = call(self.redis.hot().zscore(&pending, key.to_string())).await?;
        let record = self.keys().execution(key);
        let status: Option<String> = call(self.redis.hot().hget(record, "status")).await?;
        if let Some(time) = time
            && status.as_deref() != Some("pending")
        {
            self.drop(&pending, key, &time).await?;
        }
        Ok(())
    }

    /// How many wait for a worker.
    pub(super) async fn pending(&self) -> Result<u64, Unavailable> {
        call(self.redis.hot().zcard(self.keys().pending())).await
    }

    /// After a record has ended. A crash before this leaves entries that their next reader removes, and a pointer to
    /// nothing.
    pub(super) async fn ended(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        let mut pipe = redis::pipe();
        pipe.zrem(self.keys().leases(), key.to_string());
        pipe.zrem(self.keys().undispatched(), key.to_string());
        pipe.zrem(self.keys().pending(), key.to_string());
        pipe.pexpire(self.keys().pointer(key.execution), millis(self.kept));
        self.send(&pipe).await
    }

    /// Makes an execution found by its id, and listed.
    pub(super) async fn point(&self, job: &Job) -> Result<(), Unavailable> {
        let mut pipe = redis::pipe();
        self.add_pointers(&mut pipe, job);
        self.send(&pipe).await
    }

    fn add_pointers(&self, pipe: &mut Pipeline, job: &Job) {
        let pointer = self.keys().pointer(job.execution_id);
        pipe.set(pointer, job.session_id.to_string()).ignore();
        Entry::from(job).enter(pipe, self.keys());
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
                _ => {
                    self.drop(&undispatched, key, &time).await?;
                }
            }
        }
        Ok(jobs)
    }

    pub(super) async fn overdue(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<Job>, Unavailable> {
        let pending = self.keys().pending();
        let mut jobs = Vec::new();
        for (key, _) in self.due(&pending, age, limit).await? {
            let mut pipe = redis::pipe();
            pipe.hmget(self.keys().execution(key), &["status", "job"]);
            pipe.lindex(self.keys().order(key.session), 0);
            let mut hot = self.redis.hot();
            type Answer = ((Option<String>, Option<String>), Option<String>);
            let ((status, job), head): Answer = call(pipe.query_async(&mut hot)).await?;
            if status.as_deref() != Some("pending") {
                continue; // The janitor's.
            }
            self.add(&pending, key, Duration::ZERO, false).await?;
            if head == Some(key.execution.to_string()) {
                jobs.extend(job.and_then(|job| record::job(&job)));
            }
        }
        Ok(jobs)
    }

    /// As [`Self::register`], before a claim: nobody looks for a lease that is not entered.
    pub(super) fn add_lease(&self, pipe: &mut Pipeline, key: ExecutionKey, length: Duration) {
        let lease = self.adding(&self.keys().leases(), key, length, false);
        pipe.invoke_script(&lease).ignore();
    }

    /// Enters a lease, or its new end.
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
                None => {
                    self.drop(&leases, key, &time).await?;
                }
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
        let add = self.adding(set, key, due_in, keep);
        let mut hot = self.redis.hot();
        let _: i64 = call(add.invoke_async(&mut hot)).await?;
        Ok(())
    }

    /// What [`Self::add`] sends.
    fn adding(
        &self,
        set: &str,
        key: ExecutionKey,
        due_in: Duration,
        keep: bool,
    ) -> ScriptInvocation<'_> {
        let mut add = self.redis.scripts().due_add.key(set);
        add.arg(key.to_string())
            .arg(millis(due_in))
            .arg(u8::from(keep));
        add
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

    /// Removes a member that was read with that time; answers whether it was still there with it.
    pub(crate) async fn drop(
        &self,
        set: &str,
        key: ExecutionKey,
        time: &str,
    ) -> Result<bool, Unavailable> {
        let mut drop = self.redis.scripts().due_drop.key(set);
        drop.arg(key.to_string()).arg(time);
        let mut hot = self.redis.hot();
        call(drop.invoke_async(&mut hot)).await
    }

    async fn send(&self, pipe: &Pipeline) -> Result<(), Unavailable> {
        let mut hot = self.redis.hot();
        let _: Vec<redis::Value> = call(pipe.query_async(&mut hot)).await?;
        Ok(())
    }
}
