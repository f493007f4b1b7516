//! When something is due in a run, and what.

use std::time::Duration;

use tokio::time::Instant;

use super::{Phase, Supervisor};

/// After the exit something that escaped us may go on writing for ever; then nobody listens any more.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// What a timer means when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Timeout,
    Stall,
    Linger,
    NextPhase,
    Over,
}

impl Supervisor {
    /// The next timer. Time spent on passing a line on is not silence: then it is looked at again later.
    pub(super) fn next_due(&self) -> (Instant, Due) {
        let seen = self.seen.borrow();
        let quiet_since = if seen.delivering {
            Instant::now()
        } else {
            seen.last_activity.max(self.thawed)
        };
        if let Some((exited, _)) = self.exited {
            let rest = quiet_since.max(exited) + self.limits.rest;
            let last = if seen.delivering {
                rest
            } else {
                rest.min(exited + LAST_WORDS)
            };
            return (last, Due::Over);
        }
        if self.phase != Phase::Running {
            return (self.since + self.limits.step, Due::NextPhase);
        }
        if self.frozen.is_some() {
            return (Instant::now() + self.limits.total, Due::NextPhase);
        }
        let quiet = match (seen.ended, seen.turn_open) {
            (Some(ended), _) => (ended + self.limits.linger, Due::Linger),
            (None, false) => (quiet_since + self.limits.linger, Due::Linger),
            (None, true) if seen.open_tools.is_empty() => {
                (quiet_since + self.limits.stall, Due::Stall)
            }
            (None, true) => return (self.deadline, Due::Timeout),
        };
        if quiet.0 < self.deadline {
            quiet
        } else {
            (self.deadline, Due::Timeout)
        }
    }
}
