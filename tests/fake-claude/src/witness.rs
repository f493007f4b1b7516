//! Who ran when: locks and a log that show two processes playing one execution or one session at once.

mod testify;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub(crate) use testify::Witness;

const LOG: &str = "witness.ndjson";

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The process began; whatever became of it.
    Start,
    /// It ended by itself: not by a signal, not by `[[crash]]`.
    Stop,
    /// Another process held the execution or the session when this one began; its `Start` follows.
    Overlap,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub event: Event,
    /// `LONGSHORE_EXECUTION_ID`, where it was set.
    pub execution: Option<String>,
    pub session: String,
    pub pid: u32,
    /// Unix time in microseconds.
    pub at_us: u64,
}

/// All records of a witness folder, in the order in which they were written; none when nothing ran.
///
/// # Panics
/// At a line that is no record: a torn witness proves nothing, so the test that reads it fails.
pub fn read(dir: &Path) -> Vec<Record> {
    let log = std::fs::read_to_string(dir.join(LOG)).unwrap_or_default();
    // A last line without its newline is being written at this moment.
    let whole = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole
        .map(|line| parse(line).unwrap_or_else(|| panic!("no witness record: {line}")))
        .collect()
}

fn parse(line: &str) -> Option<Record> {
    let value: Value = serde_json::from_str(line).ok()?;
    Some(Record {
        event: match value["event"].as_str()? {
            "start" => Event::Start,
            "stop" => Event::Stop,
            "overlap" => Event::Overlap,
            _ => return None,
        },
        execution: value["execution"].as_str().map(str::to_owned),
        session: value["session"].as_str()?.to_owned(),
        pid: u32::try_from(value["pid"].as_u64()?).ok()?,
        at_us: value["at_us"].as_u64()?,
    })
}

/// Unix time in microseconds.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
