//! Whether a client is still there.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::watch::patience;

/// When the client was last heard of, or took what it had kept waiting.
pub(super) struct Life {
    start: Instant,
    last_ms: AtomicU64,
    /// The size of what it was sent last: it answers a ping when it has read that.
    sent: AtomicUsize,
}

impl Life {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            last_ms: AtomicU64::new(0),
            sent: AtomicUsize::new(0),
        }
    }

    pub(super) fn sign(&self) {
        let ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(ms, Ordering::Relaxed);
    }

    /// A frame of that size is about to be sent.
    pub(super) fn sends(&self, bytes: usize) {
        self.sent.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn ends_at(&self) -> Instant {
        let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        self.start + last + patience(self.sent.load(Ordering::Relaxed))
    }
}
