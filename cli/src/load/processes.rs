//! What processes of this machine take: CPU time, and memory at its highest.

use std::fs;
use std::time::Duration;

use serde::Serialize;

/// A process at one moment, as proc(5) tells it.
#[derive(Debug, Clone, Copy)]
struct Sample {
    cpu: Duration,
    children: Duration,
    kib: u64,
    peak_kib: u64,
}

/// What a process took meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Taken {
    pub(super) name: String,
    /// In user and kernel mode.
    pub(super) cpu_seconds: f64,
    /// Of the children that it has waited for.
    pub(super) children_cpu_seconds: f64,
    /// What it had in memory at the end.
    pub(super) kib: u64,
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
                children_cpu_seconds: now.children.saturating_sub(before.children).as_secs_f64(),
                kib: now.kib,
                peak_kib: now.peak_kib,
            })
        };
        self.0.into_iter().filter_map(taken).collect()
    }
}

fn sample(pid: u32) -> Option<Sample> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let [cpu, children] = cpu(&stat)?;
    Some(Sample {
        cpu,
        children,
        kib: kib(&status, "VmRSS:")?,
        peak_kib: kib(&status, "VmHWM:")?,
    })
}

/// Its own, then its children's: fields 14 to 17, in ticks of 10 ms. The second, the name, may hold spaces and brackets.
fn cpu(stat: &str) -> Option<[Duration; 2]> {
    const TICK: u64 = 10;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut both = || Some(ticks.next()?.ok()? + ticks.next()?.ok()?);
    Some([both()?, both()?].map(|ticks| Duration::from_millis(ticks * TICK)))
}

fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_tells_is_read() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 11 22 0 0 150 50 3 7 20 0 4 0";
        assert_eq!(cpu(stat), Some([2000, 100].map(Duration::from_millis)));
        assert_eq!(
            kib("VmPeak:\t 9 kB\nVmHWM:\t  1234 kB\n", "VmHWM:"),
            Some(1234)
        );
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
