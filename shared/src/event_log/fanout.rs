//! Live delivery inside a process: every subscriber of an execution gets every batch, through a bounded queue.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use super::LiveBatch;
use crate::id::ExecutionKey;

/// What a subscriber is told.
#[derive(Debug, Clone)]
pub enum Signal {
    /// Events as they were published.
    Batch(Arc<LiveBatch>),
    /// Something may have been missed: read the log.
    Doubt,
}

/// What one subscriber may have waiting; more than that, and it pages from the log at its own pace.
const QUEUE_BYTES: usize = 1 << 20;

/// The subscribers of this process by execution.
#[derive(Debug, Default)]
pub(crate) struct Fanout {
    topics: Mutex<HashMap<ExecutionKey, Vec<Weak<Queue>>>>,
}

impl Fanout {
    /// A new subscriber.
    pub(crate) fn subscribe(self: &Arc<Self>, key: ExecutionKey) -> Subscription {
        let queue = Arc::new(Queue::default());
        lock(&self.topics)
            .entry(key)
            .or_default()
            .push(Arc::downgrade(&queue));
        Subscription {
            queue,
            fanout: Arc::clone(self),
            key,
        }
    }

    /// Hands a batch to the execution's subscribers; they share its memory.
    pub(crate) fn deliver(&self, key: ExecutionKey, batch: LiveBatch) {
        let bytes = batch.bytes();
        let batch = Arc::new(batch);
        for queue in self.queues(key) {
            queue.push(&batch, bytes);
        }
    }

    /// Tells every subscriber that something may have been missed.
    pub(crate) fn doubt_all(&self) {
        for key in self.keys() {
            self.doubt(key);
        }
    }

    /// Tells the subscribers of one execution that something may have been missed.
    pub(crate) fn doubt(&self, key: ExecutionKey) {
        for queue in self.queues(key) {
            queue.doubt();
        }
    }

    /// The executions that are watched here.
    pub(crate) fn keys(&self) -> Vec<ExecutionKey> {
        lock(&self.topics).keys().copied().collect()
    }

    /// Whether anybody watches the execution.
    pub(crate) fn watches(&self, key: ExecutionKey) -> bool {
        lock(&self.topics).contains_key(&key)
    }

    fn queues(&self, key: ExecutionKey) -> Vec<Arc<Queue>> {
        let topics = lock(&self.topics);
        topics
            .get(&key)
            .into_iter()
            .flatten()
            .filter_map(Weak::upgrade)
            .collect()
    }

    fn leave(&self, key: ExecutionKey, queue: &Arc<Queue>) {
        let mut topics = lock(&self.topics);
        let Some(topic) = topics.get_mut(&key) else {
            return;
        };
        topic.retain(|other| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(queue)));
        if topic.is_empty() {
            topics.remove(&key);
        }
    }
}

/// One subscriber of one execution; leaves when dropped.
pub struct Subscription {
    queue: Arc<Queue>,
    fanout: Arc<Fanout>,
    key: ExecutionKey,
}

impl Subscription {
    /// The next signal. Cancel safe.
    pub async fn recv(&mut self) -> Signal {
        loop {
            if let Some(signal) = self.queue.pop() {
                return signal;
            }
            self.queue.ready.notified().await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.fanout.leave(self.key, &self.queue);
    }
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<Waiting>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    batches: VecDeque<(Arc<LiveBatch>, usize)>,
    bytes: usize,
    doubt: bool,
}

impl Queue {
    fn push(&self, batch: &Arc<LiveBatch>, bytes: usize) {
        let mut waiting = lock(&self.state);
        if waiting.bytes + bytes > QUEUE_BYTES && !waiting.batches.is_empty() {
            // The reader is slow. All that is recorded is in the log too, so dropping it costs a read and no event.
            *waiting = Waiting {
                doubt: true,
                ..Waiting::default()
            };
        } else if !waiting.doubt {
            waiting.bytes += bytes;
            waiting.batches.push_back((Arc::clone(batch), bytes));
        }
        drop(waiting);
        self.ready.notify_one();
    }

    fn doubt(&self) {
        *lock(&self.state) = Waiting {
            doubt: true,
            ..Waiting::default()
        };
        self.ready.notify_one();
    }

    fn pop(&self) -> Option<Signal> {
        let mut waiting = lock(&self.state);
        if std::mem::take(&mut waiting.doubt) {
            return Some(Signal::Doubt);
        }
        let (batch, bytes) = waiting.batches.pop_front()?;
        waiting.bytes -= bytes;
        Some(Signal::Batch(batch))
    }
}

/// The sections under these locks cannot panic half way, so a poisoned one is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
