//! This process's one subscriber, as the rest of the program sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use super::Keys;
use super::way::Way;
use crate::error::Unavailable;
use crate::event_log::Subscription;
use crate::event_log::fanout::Fanout;
use crate::id::ExecutionKey;

mod subscriber;

use subscriber::Subscriber;

/// What one step on the connection may take.
const STEP: Duration = Duration::from_secs(5);

/// Requests to subscribe that wait at most; more callers than that wait for a place.
const WAITING: usize = 1024;

/// A handle; the subscriber ends when it is dropped.
pub(crate) struct Hub {
    fanout: Arc<Fanout>,
    requests: mpsc::Sender<Request>,
    cancellations: broadcast::Sender<ExecutionKey>,
    hears: Arc<AtomicBool>,
}

struct Request {
    key: ExecutionKey,
    done: oneshot::Sender<()>,
}

impl Hub {
    pub(super) fn start(way: Way, keys: Keys) -> Self {
        let fanout = Arc::new(Fanout::default());
        let hears = Arc::new(AtomicBool::new(false));
        let (requests, inbox) = mpsc::channel(WAITING);
        // A receiver that lags is told so, and the lease's renewal tells it what it missed.
        let (cancellations, _) = broadcast::channel(256);
        let subscriber = Subscriber {
            probe: keys.probe(&Uuid::new_v4().to_string()),
            control: keys.control(),
            way,
            keys,
            fanout: Arc::clone(&fanout),
            cancellations: cancellations.clone(),
            hears: Arc::clone(&hears),
        };
        tokio::spawn(subscriber.run(inbox));
        Self {
            fanout,
            requests,
            cancellations,
            hears,
        }
    }

    /// Returns once Redis has confirmed the subscription.
    pub(crate) async fn subscribe(&self, key: ExecutionKey) -> Result<Subscription, Unavailable> {
        let subscription = self.fanout.subscribe(key);
        match timeout(STEP, self.confirm(key)).await {
            Ok(true) => Ok(subscription),
            _ => Err(Unavailable::redis("the live subscription does not answer")),
        }
    }

    /// Asks until it is confirmed: a request is dropped with the connection that it was sent on. `false` when nobody
    /// is there to ask.
    async fn confirm(&self, key: ExecutionKey) -> bool {
        loop {
            let (done, confirmed) = oneshot::channel();
            if self.requests.send(Request { key, done }).await.is_err() {
                return false;
            }
            if confirmed.await.is_ok() {
                return true;
            }
        }
    }

    pub(crate) fn cancellations(&self) -> broadcast::Receiver<ExecutionKey> {
        self.cancellations.subscribe()
    }

    /// Whether the last probe came back.
    pub(crate) fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }
}
