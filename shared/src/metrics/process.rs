//! What the system tells of this process.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{OPEN_FDS, RESIDENT_MEMORY};

/// When measuring began: as good as the program's start. Seconds since 1970.
pub(super) fn started() -> f64 {
    static STARTED: OnceLock<f64> = OnceLock::new();
    *STARTED.get_or_init(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64())
    })
}

/// Measures now. What the system does not tell is left out: a worker may not list its own files, since it hides from
/// the CLI's tools.
pub(super) fn look() {
    if let Some(bytes) = resident() {
        RESIDENT_MEMORY.set(bytes);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        OPEN_FDS.set(files.count() as f64);
    }
}

/// In bytes; the system tells kB.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}
