//! The queue of jobs between API and workers.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::{PublishError, Unavailable};
use crate::job::Job;

pub mod memory;
pub mod rabbitmq;

/// How long a job of a busy session waits before it is tried again by itself; its predecessor's end is what normally
/// brings it back.
pub const PARKED_FOR: Duration = Duration::from_secs(60);

/// A durable queue of jobs.
///
/// Every published job is delivered at least once to some consumer, roughly in order, until a delivery of it is
/// acknowledged. It may be delivered more than once; who runs it is decided by the store.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Queues a job; `Ok` once the queue has taken responsibility for it. Answers within about 5 s.
    async fn publish(&self, job: &Job) -> Result<(), PublishError>;

    /// Queues a job that comes back to the queue by itself after a minute.
    async fn park(&self, job: &Job) -> Result<(), PublishError>;

    /// Starts to take jobs, at most `prefetch` unacknowledged at once.
    ///
    /// Connects and reconnects by itself, without limit; what was unacknowledged is then delivered again.
    fn consume(&self, prefetch: u16) -> Box<dyn Consumer>;

    /// How many jobs wait that no consumer has been given.
    async fn waiting(&self) -> Result<u64, Unavailable>;

    /// Whether the queue answers; bounded to a few seconds.
    async fn check(&self) -> Result<(), Unavailable>;
}

/// A consumer; stops taking jobs when dropped. Deliveries it handed out can still be acknowledged.
#[async_trait]
pub trait Consumer: Send {
    /// The next delivery; waits for one. Cancel safe.
    async fn next(&mut self) -> Delivery;
}

/// One delivery of a job. Dropped without an answer, it is delivered again, to this consumer or another.
pub struct Delivery {
    /// The job.
    pub job: Job,
    acker: Box<dyn Acker>,
}

impl Delivery {
    /// A delivery whose answer goes to `acker`.
    #[must_use]
    pub fn new(job: Job, acker: Box<dyn Acker>) -> Self {
        Self { job, acker }
    }

    /// The job needs no further delivery. Best effort: a lost acknowledgement means one more delivery.
    pub async fn ack(self) {
        self.acker.ack().await;
    }

    /// The job cannot be handled here now: deliver it again.
    pub async fn requeue(self) {
        self.acker.requeue().await;
    }
}

/// Where a delivery's answer goes.
#[async_trait]
pub trait Acker: Send + Sync {
    /// See [`Delivery::ack`].
    async fn ack(self: Box<Self>);

    /// See [`Delivery::requeue`].
    async fn requeue(self: Box<Self>);
}
