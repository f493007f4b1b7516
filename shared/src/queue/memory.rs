//! The queue in memory: for `longshore dev` and tests. Jobs go with the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{Acker, Consumer, Delivery, JobQueue};
use crate::error::{PublishError, Unavailable};
use crate::job::Job;

/// A cheap handle on one queue.
#[derive(Clone)]
pub struct MemoryQueue {
    inner: Arc<Inner>,
}

struct Inner {
    jobs: Mutex<VecDeque<Job>>,
    ready: Notify,
    limit: usize,
    parked_for: Duration,
}

impl MemoryQueue {
    /// An empty queue that holds at most `limit` jobs and gives parked ones back after `parked_for`.
    #[must_use]
    pub fn new(limit: usize, parked_for: Duration) -> Self {
        let inner = Inner {
            jobs: Mutex::default(),
            ready: Notify::new(),
            limit,
            parked_for,
        };
        Self {
            inner: Arc::new(inner),
        }
    }
}

impl Inner {
    /// The sections under this lock do not panic, so a poisoned one is still whole.
    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, job: Job) {
        self.jobs().push_front(job);
        self.ready.notify_one();
    }

    fn take(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        let job = jobs.pop_front();
        if !jobs.is_empty() {
            self.ready.notify_one(); // Another consumer may be waiting for what is left.
        }
        job
    }
}

#[async_trait]
impl JobQueue for MemoryQueue {
    async fn publish(&self, job: &Job) -> Result<(), PublishError> {
        let mut jobs = self.inner.jobs();
        if jobs.len() >= self.inner.limit {
            return Err(PublishError::Full);
        }
        jobs.push_back(job.clone());
        drop(jobs);
        self.inner.ready.notify_one();
        Ok(())
    }

    async fn park(&self, job: &Job) -> Result<(), PublishError> {
        let (inner, job) = (Arc::downgrade(&self.inner), job.clone());
        let delay = self.inner.parked_for;
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            if let Some(inner) = inner.upgrade() {
                inner.jobs().push_back(job);
                inner.ready.notify_one();
            }
        });
        Ok(())
    }

    fn consume(&self, prefetch: u16) -> Box<dyn Consumer> {
        let window = Arc::new(Semaphore::new(prefetch.into()));
        Box::new(MemoryConsumer {
            inner: Arc::clone(&self.inner),
            window,
        })
    }

    async fn waiting(&self) -> Result<u64, Unavailable> {
        Ok(u64::try_from(self.inner.jobs().len()).unwrap_or(u64::MAX))
    }

    async fn check(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

struct MemoryConsumer {
    inner: Arc<Inner>,
    window: Arc<Semaphore>,
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn next(&mut self) -> Delivery {
        loop {
            // The window is never closed while its consumer lives.
            let Ok(place) = Arc::clone(&self.window).acquire_owned().await else {
                continue;
            };
            if let Some(job) = self.inner.take() {
                let unacked = Unacked {
                    job: Some(job.clone()),
                    inner: Arc::clone(&self.inner),
                    _place: place,
                };
                return Delivery::new(job, Box::new(unacked));
            }
            drop(place);
            self.inner.ready.notified().await;
        }
    }
}

/// A delivery without an answer yet; goes back to the queue when dropped, as a broker does for a lost consumer.
struct Unacked {
    job: Option<Job>,
    inner: Arc<Inner>,
    _place: OwnedSemaphorePermit,
}

#[async_trait]
impl Acker for Unacked {
    async fn ack(mut self: Box<Self>) {
        self.job = None;
    }

    async fn requeue(self: Box<Self>) {}
}

impl Drop for Unacked {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.inner.put_back(job);
        }
    }
}
