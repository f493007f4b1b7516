//! The fleet in memory: for `longshore dev` and tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Fleet, LISTED, MINUTES, Minute, Tally, Worker, WorkerReport};
use crate::error::Unavailable;
use crate::timestamp::Timestamp;

/// A minute, in ms.
const MINUTE: i64 = 60_000;

/// The workers of this process, and what it did.
#[derive(Default)]
pub struct MemoryFleet(Mutex<Known>);

#[derive(Default)]
struct Known {
    workers: HashMap<String, Worker>,
    /// By their numbers since 1970.
    minutes: BTreeMap<i64, Tally>,
    /// The last number of each counter: there are two in a process.
    counted: HashMap<Uuid, u64>,
}

impl MemoryFleet {
    /// The sections under this lock do not panic half way, so a poisoned one is still whole.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Fleet for MemoryFleet {
    async fn report(&self, report: &WorkerReport) -> Result<(), Unavailable> {
        let worker = Worker {
            report: report.clone(),
            last_heartbeat_at: Timestamp::now(),
        };
        let mut known = self.known();
        known
            .workers
            .retain(|_, worker| worker.last_heartbeat_at.age() < LISTED);
        known.workers.insert(report.worker_id.clone(), worker);
        Ok(())
    }

    async fn leave(&self, worker: &str) -> Result<(), Unavailable> {
        self.known().workers.remove(worker);
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        let known = self.known();
        let listed = known.workers.values();
        let mut workers: Vec<_> = listed
            .filter(|worker| worker.last_heartbeat_at.age() < LISTED)
            .cloned()
            .collect();
        super::by_start(&mut workers);
        Ok(workers)
    }

    async fn count(&self, counter: Uuid, number: u64, tally: &Tally) -> Result<(), Unavailable> {
        let mut known = self.known();
        let last = known.counted.entry(counter).or_default();
        if *last >= number {
            return Ok(());
        }
        *last = number;
        let now = Timestamp::now().0 / MINUTE;
        *known.minutes.entry(now).or_default() += tally;
        known.minutes = known.minutes.split_off(&first(now));
        Ok(())
    }

    async fn history(&self) -> Result<Vec<Minute>, Unavailable> {
        let known = self.known();
        let now = Timestamp::now().0 / MINUTE;
        let minutes = first(now)..=now;
        let minutes = minutes.map(|minute| Minute {
            at: Timestamp(minute * MINUTE),
            tally: known.minutes.get(&minute).cloned().unwrap_or_default(),
        });
        Ok(minutes.collect())
    }
}

/// The oldest minute that is kept.
fn first(now: i64) -> i64 {
    now + 1 - MINUTES as i64
}
