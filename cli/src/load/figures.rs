//! What is measured.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::order::Breaches;

/// Latencies in microseconds, to three digits; what is longer than a week counts as a week.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(3).expect("three digits are possible"))
    }
}

impl Latencies {
    pub(crate) fn note(&mut self, latency: Duration) {
        const LONGEST: u64 = 7 * 24 * 3600 * 1_000_000;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
        // It grows as needed; saturating instead would keep it at its first size.
        let recorded = self.0.record(micros.clamp(1, LONGEST));
        debug_assert!(recorded.is_ok(), "it grows");
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// In milliseconds: p50, p90, p99, p99.9 and the largest.
    pub(crate) fn summary(&self) -> [f64; 5] {
        let at = |quantile| millis(self.0.value_at_quantile(quantile));
        [at(0.5), at(0.9), at(0.99), at(0.999), millis(self.0.max())]
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a load test")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// All of a run.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// From the intended moment to the 202.
    pub(crate) accept: Latencies,
    /// From there to the first message, at the first viewer.
    pub(crate) first_message: Latencies,
    /// From there to the end.
    pub(crate) end: Latencies,
    /// From the writing of a message to its arrival.
    pub(crate) added: Latencies,
    pub(crate) accepted: u64,
    /// Streams that were read, and how they ended.
    pub(crate) ended: BTreeMap<String, u64>,
    /// Requests that were refused or not answered, by kind.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) connections: u64,
    pub(crate) gaps: u64,
    pub(crate) breaches: Breaches,
}

/// Figures that many tasks note things in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Figures>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn error(&self, kind: impl Into<String>) {
        *self.lock().errors.entry(kind.into()).or_default() += 1;
    }
}
