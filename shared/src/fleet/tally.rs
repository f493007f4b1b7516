//! What is counted of executions, for the charts of the last hour.

use std::ops::AddAssign;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Spread;
use crate::execution::{EndKind, Ending};

/// What happened in some time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Executions answered with 202.
    pub accepted: u64,
    /// Attempts begun.
    pub started: u64,
    /// Executions that ended so.
    pub completed: u64,
    /// Executions that ended so.
    pub failed: u64,
    /// Executions that ended so.
    pub cancelled: u64,
    /// What they cost together, in millionths of a dollar.
    pub cost_micro_usd: u64,
    /// From an execution's acceptance to its first attempt, by the clocks of API and worker.
    pub waits: Spread,
    /// From the begin of an execution's last attempt to its end.
    pub runs: Spread,
}

/// The names of what is plainly counted, and where it is.
type Plain = [(&'static str, fn(&mut Tally) -> &mut u64); 6];

const PLAIN: Plain = [
    ("accepted", |tally| &mut tally.accepted),
    ("started", |tally| &mut tally.started),
    ("completed", |tally| &mut tally.completed),
    ("failed", |tally| &mut tally.failed),
    ("cancelled", |tally| &mut tally.cancelled),
    ("cost_micro_usd", |tally| &mut tally.cost_micro_usd),
];

impl Tally {
    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is not zero, by names that [`Self::add_field`] knows.
    pub(super) fn fields(&self) -> Vec<(String, u64)> {
        let mut copy = self.clone();
        let plain = PLAIN.iter();
        let mut fields: Vec<_> = plain
            .map(|(name, at)| ((*name).to_owned(), *at(&mut copy)))
            .filter(|(_, count)| *count > 0)
            .collect();
        for (prefix, spread) in [("wait:", &self.waits), ("run:", &self.runs)] {
            let steps = spread.counts.iter();
            fields.extend(steps.map(|(step, count)| (format!("{prefix}{step}"), *count)));
        }
        fields
    }

    /// Adds to what a name stands for. One that a newer version has made is left out.
    pub(super) fn add_field(&mut self, name: &str, count: u64) {
        if let Some((_, at)) = PLAIN.iter().find(|(plain, _)| *plain == name) {
            *at(self) += count;
            return;
        }
        let (spread, step) = match name.split_once(':') {
            Some(("wait", step)) => (&mut self.waits, step),
            Some(("run", step)) => (&mut self.runs, step),
            _ => return,
        };
        if let Ok(step) = step.parse() {
            *spread.counts.entry(step).or_default() += count;
        }
    }
}

/// Adds what happened in another time.
impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        for (name, count) in other.fields() {
            self.add_field(&name, count);
        }
    }
}

/// What a program has counted and not yet told.
#[derive(Debug, Default)]
pub struct Tallies(Mutex<Tally>);

impl Tallies {
    /// An execution was accepted.
    pub fn accepted(&self) {
        self.tally().accepted += 1;
    }

    /// An attempt begins; with how long the execution waited, where it is the first one.
    pub fn started(&self, waited: Option<Duration>) {
        let mut tally = self.tally();
        tally.started += 1;
        if let Some(waited) = waited {
            tally.waits.note(waited);
        }
    }

    /// An execution ended; with how long it ran, where it did.
    pub fn ended(&self, ending: &Ending, ran: Option<Duration>) {
        let mut tally = self.tally();
        match ending.kind {
            EndKind::Completed => tally.completed += 1,
            EndKind::Failed => tally.failed += 1,
            EndKind::Cancelled => tally.cancelled += 1,
        }
        // Rounded; what is no number, or less than nothing, counts as nothing.
        tally.cost_micro_usd += (ending.cost_usd * 1e6).round() as u64;
        if let Some(ran) = ran {
            tally.runs.note(ran);
        }
    }

    /// An execution was cancelled before it ran.
    pub fn cancelled(&self) {
        self.tally().cancelled += 1;
    }

    pub(super) fn take(&self) -> Tally {
        std::mem::take(&mut self.tally())
    }

    /// The sections under this lock do not panic half way, so a poisoned one is still whole.
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_the_same_by_its_fields() {
        let tallies = Tallies::default();
        tallies.accepted();
        tallies.started(Some(Duration::from_millis(40)));
        let ending = Ending {
            cost_usd: 0.012_345_6,
            ..Ending::failed(crate::execution::ExecutionError::new(
                crate::execution::ErrorCode::ApiError,
                "it failed",
            ))
        };
        tallies.ended(&ending, Some(Duration::from_secs(3)));
        tallies.cancelled();
        let tally = tallies.take();
        assert_eq!(tally.cost_micro_usd, 12_346);
        let mut again = Tally::default();
        again += &tally;
        assert_eq!(again, tally);
        assert!(tallies.take().is_empty(), "it is told once");
    }

    #[test]
    fn what_a_newer_version_counts_is_left_out() {
        let mut tally = Tally::default();
        for name in ["tokens", "wait:", "wait:x", "wait:999", "sleep:3"] {
            tally.add_field(name, 1);
        }
        assert!(tally.is_empty());
    }
}
