//! The kinds of metrics, and how each is measured.

use std::time::Duration;

use metrics::{Label, Unit};

/// A metric as it is described.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Unique among all.
    pub name: &'static str,
    pub(super) unit: Unit,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [&'static str],
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets, in its unit.
    Histogram(&'static [f64]),
}

impl Metric {
    /// Describes it; a counter of one kind is shown from the start, so that its first increase can be seen.
    pub(super) fn begin(&self) {
        let (name, unit, help) = (self.name, self.unit, self.help);
        match self.kind {
            Kind::Counter => {
                metrics::describe_counter!(name, unit, help);
                if self.labels.is_empty() {
                    Counter(*self).add(0);
                }
            }
            Kind::Gauge => metrics::describe_gauge!(name, unit, help),
            Kind::Histogram(_) => metrics::describe_histogram!(name, unit, help),
        }
    }
}

/// Something that is counted.
pub struct Counter(pub(super) Metric);

/// Something that has a value now.
pub struct Gauge(pub(super) Metric);

/// Something of which there are many, each with a size.
pub struct Histogram(pub(super) Metric);

impl Counter {
    /// Counts `count` more.
    pub fn add(&self, count: u64) {
        metrics::counter!(self.0.name).increment(count);
    }

    /// Counts one more of that kind.
    pub fn count<const N: usize>(&self, labels: [(&'static str, &str); N]) {
        metrics::counter!(self.0.name, owned(labels)).increment(1);
    }
}

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: f64) {
        metrics::gauge!(self.0.name).set(value);
    }

    /// Counts as one until it is dropped.
    #[must_use]
    pub fn hold(&self) -> Held {
        let gauge = metrics::gauge!(self.0.name);
        gauge.increment(1.0);
        Held(gauge)
    }
}

/// One that is counted by a gauge.
pub struct Held(metrics::Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Histogram {
    /// Something took that long.
    pub fn took(&self, time: Duration) {
        metrics::histogram!(self.0.name).record(time);
    }

    /// Something of that kind took that long.
    pub fn took_with<const N: usize>(&self, labels: [(&'static str, &str); N], time: Duration) {
        metrics::histogram!(self.0.name, owned(labels)).record(time);
    }
}

fn owned<const N: usize>(labels: [(&'static str, &str); N]) -> Vec<Label> {
    let labels = labels.into_iter();
    labels
        .map(|(name, value)| Label::new(name, value.to_owned()))
        .collect()
}
