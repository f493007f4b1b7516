//! Settings that say what a run may see and take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How runs are kept apart. Without any of it they are as far apart as the files of one user are.
#[derive(Debug, Clone, Default, Args)]
pub struct ContainmentSettings {
    /// What a run sees of the machine: with bubblewrap its workspace, its own folder and the system's, read-only
    #[arg(
        long,
        env = "LONGSHORE_SANDBOX",
        value_name = "KIND",
        default_value = "none"
    )]
    pub sandbox: Sandbox,

    /// Files and folders that runs in a sandbox may read besides
    #[arg(
        long,
        env = "LONGSHORE_SANDBOX_READABLE",
        value_name = "PATHS",
        value_delimiter = ','
    )]
    pub sandbox_readable: Vec<PathBuf>,

    /// Memory that each process of a run may write to, such as 4GiB; without it any
    #[arg(long, env = "LONGSHORE_RUN_MEMORY", value_name = "SIZE", value_parser = size)]
    pub run_memory: Option<u64>,

    /// Processes and threads that the worker's user may have before its runs can start no more; without it any
    #[arg(long, env = "LONGSHORE_RUN_PROCESSES", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(16..))]
    pub run_processes: Option<u32>,
}

/// What stands between a run and the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Sandbox {
    /// Nothing but the permissions of the worker's user.
    #[default]
    None,
    /// Namespaces of its own, by the program `bwrap`.
    Bubblewrap,
}

/// Less than this, and the CLI itself cannot start.
const LEAST: u64 = 256 << 20;

fn size(text: &str) -> Result<u64, String> {
    const WANTED: &str = "a size like 512MiB or 4GiB is needed";
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match &text[digits.len()..] {
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(WANTED.to_owned()),
    };
    let count: u64 = digits.parse().map_err(|_| WANTED.to_owned())?;
    match count.checked_mul(1 << shift) {
        Some(size) if size >= LEAST => Ok(size),
        Some(_) => Err("256MiB at least are needed: the CLI cannot start with less".to_owned()),
        None => Err(WANTED.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_and_room_for_the_cli() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("4GiB"), Ok(4 << 30));
        for bad in ["", "4", "GiB", "4G", "-1GiB", "1MiB", "99999999999GiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
