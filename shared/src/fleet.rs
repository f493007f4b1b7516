//! What operators see of the whole installation: its workers, and what it did in the last hour.
//!
//! Nothing depends on it: a fleet that cannot be told anything loses a chart, and no execution.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Unavailable;
use crate::id::ExecutionId;
use crate::timestamp::Timestamp;

mod counter;
pub mod memory;
pub mod redis;
mod spread;
mod tally;

pub use counter::{Counter, keep_counting};
pub use spread::Spread;
pub use tally::{Tallies, Tally};

/// How often a worker says how it stands, and what was counted is added up.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a worker is listed that is heard of no more: long enough to be seen missing.
pub const LISTED: Duration = Duration::from_secs(120);

/// Executions that a worker names at most of those that it runs.
pub const MOST_RUNNING: usize = 100;

/// Minutes that are kept.
pub const MINUTES: usize = 60;

/// The fleet, on the engine's own clock.
#[async_trait]
pub trait Fleet: Send + Sync {
    /// Notes how a worker stands. It is listed for [`LISTED`] after its last report.
    async fn report(&self, report: &WorkerReport) -> Result<(), Unavailable>;

    /// Takes a worker from the list that ends in good order.
    async fn leave(&self, worker: &str) -> Result<(), Unavailable>;

    /// The workers that are listed, by the moment of their start.
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable>;

    /// Adds to the minute that it is now. The same number of one counter again changes nothing, so that what was not
    /// answered can be sent again; numbers grow.
    async fn count(&self, counter: Uuid, number: u64, tally: &Tally) -> Result<(), Unavailable>;

    /// The last [`MINUTES`], the oldest first; the one that it is now is the last.
    async fn history(&self) -> Result<Vec<Minute>, Unavailable>;
}

/// How a worker stands, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// Unique among all workers of all times.
    pub worker_id: String,
    /// The name of its machine.
    pub host: String,
    /// Of the program.
    pub version: String,
    /// By its own clock.
    pub started_at: Timestamp,
    /// Executions that it may run at once.
    pub slots: u16,
    /// Executions that it runs.
    pub slots_used: usize,
    /// Which those are, [`MOST_RUNNING`] at most.
    pub running: Vec<ExecutionId>,
    /// Whether it takes no more, because it is to stop.
    pub draining: bool,
}

/// A worker that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// What it said last.
    pub report: WorkerReport,
    /// When that was.
    pub last_heartbeat_at: Timestamp,
}

/// What the whole installation did in a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    /// When it began.
    pub at: Timestamp,
    /// What was counted in it.
    pub tally: Tally,
}

/// The order in which workers are listed.
fn by_start(workers: &mut [Worker]) {
    workers.sort_by(|a, b| {
        let key = |worker: &Worker| (worker.report.started_at, worker.report.worker_id.clone());
        key(a).cmp(&key(b))
    });
}
