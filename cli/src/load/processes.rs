//! What processes of this machine take: CPU time, and memory at its highest.

use std::fs;
use std::time::Duration;

use serde::Serialize;

/// A process at one moment, as proc(5) tells it.
#[derive(Debug, Clone, Copy)]
struct Sample {
    cpu: Duration,
    peak_kib: u64,
}

/// What a process took meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Taken {
    pub(super) name: String,
    /// In user and kernel mode; of its children only those it has waited for.
    pub(super) cpu_seconds: f64,
    /// The most it ever had in memory, since it was started.
    pub(super) peak_kib: u64,
}

/// Processes that are measured.
pub(super) struct Processes(Vec<(String, u32, Option<Sample>)>);

impl Processes {
    pub(super) fn begin(named: &[(String, u32)]) -> Self {
        let begin = |(name, pid): &(String, u32)| (name.clone(), *pid, sample(*pid));
        Self(named.iter().map(begin).collect())
    }

    /// Of those that are still there.
    pub(super) fn end(self) -> Vec<Taken> {
        let taken = |(name, pid, before): (String, u32, Option<Sample>)| {
            let (before, now) = (before?, sample(pid)?);
            Some(Taken {
                name,
                cpu_seconds: now.cpu.saturating_sub(before.cpu).as_secs_f64(),
                peak_kib: now.peak_kib,
            })
        };
        self.0.into_iter().filter_map(taken).collect()
    }
}

fn sample(pid: u32) -> Option<Sample> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(Sample {
        cpu: cpu(&stat)?,
        peak_kib: peak(&status)?,
    })
}

/// Fields 14 to 17, in ticks of 10 ms. The second, the name, may hold spaces and brackets.
fn cpu(stat: &str) -> Option<Duration> {
    const TICK: u64 = 10;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(4);
    let ticks: u64 = ticks.map(|field| field.parse().unwrap_or(0)).sum();
    Some(Duration::from_millis(ticks * TICK))
}

fn peak(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_tells_is_read() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 11 22 0 0 150 50 3 7 20 0 4 0";
        assert_eq!(cpu(stat), Some(Duration::from_millis(2100)));
        assert_eq!(peak("VmPeak:\t 9 kB\nVmHWM:\t  1234 kB\n"), Some(1234));
    }

    #[test]
    fn ourselves_are_measured_and_nobody_is_not() {
        let ourselves = ("us".to_owned(), std::process::id());
        let nobody = ("nobody".to_owned(), u32::MAX);
        let taken = Processes::begin(&[ourselves, nobody]).end();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].peak_kib > 1000, "{taken:?}");
    }
}
