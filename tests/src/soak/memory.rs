//! What the programs take of memory, in the first half of a soak and in the second.

use crate::process::Process;
use crate::server::Server;

/// The largest resident set of one process of each kind, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Peak {
    pub(super) api: u64,
    pub(super) worker: u64,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) first: Peak,
    pub(super) second: Peak,
}

impl Memory {
    pub(super) fn look(&mut self, server: &Server, second_half: bool) {
        let peak = if second_half {
            &mut self.second
        } else {
            &mut self.first
        };
        let largest = |processes: &[Process]| processes.iter().filter_map(Process::resident).max();
        peak.api = peak.api.max(largest(&server.apis).unwrap_or(0));
        peak.worker = peak.worker.max(largest(&server.workers).unwrap_or(0));
    }

    /// Whether neither has grown by half and by more than 64 MiB.
    pub(super) fn is_flat(&self) -> bool {
        let grown = |first: u64, second: u64| second > first * 3 / 2 && second > first + (64 << 10);
        !grown(self.first.api, self.second.api) && !grown(self.first.worker, self.second.worker)
    }
}
