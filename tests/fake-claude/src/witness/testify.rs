//! The writing side: a process takes its locks and leaves its records.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Event, LOG, Record, now_us, read};
use crate::output::complain;

/// A running process's testimony; the kernel frees its locks however the process ends.
pub(crate) struct Witness {
    log: File,
    execution: Option<String>,
    session: String,
    _locks: Vec<File>,
    dir: PathBuf,
}

impl Witness {
    pub(crate) fn start(
        dir: &Path,
        execution: Option<&str>,
        session: &str,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let names = execution.map(|id| format!("execution-{id}.lock"));
        let names = names.into_iter().chain([format!("session-{session}.lock")]);
        let locks = names
            .map(|name| {
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(dir.join(name))
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        // Every lock is tried, also after one that is held.
        let held = locks.iter().filter(|lock| lock.try_lock().is_err()).count();
        let mut witness = Self {
            log: OpenOptions::new()
                .create(true)
                .append(true)
                .open(dir.join(LOG))?,
            execution: execution.map(str::to_owned),
            session: session.to_owned(),
            _locks: locks,
            dir: dir.to_owned(),
        };
        if held > 0 {
            witness.testify("overlap")?;
        }
        witness.testify("start")?;
        Ok(witness)
    }

    pub(crate) fn stop(&mut self) {
        if let Err(e) = self.testify("stop") {
            complain(&format!("fake-claude: no witness: {e}"));
        }
    }

    /// How often this execution, or without one this session, began; this time included.
    pub(crate) fn attempt(&self) -> usize {
        let mine = |record: &Record| {
            record.execution == self.execution
                && (self.execution.is_some() || record.session == self.session)
        };
        let starts = read(&self.dir)
            .into_iter()
            .filter(|record| record.event == Event::Start);
        starts.filter(mine).count()
    }

    /// One write to a file opened for appending: records of several processes never mix.
    fn testify(&mut self, event: &str) -> std::io::Result<()> {
        let mut line = json!({
            "event": event, "execution": self.execution, "session": self.session,
            "pid": std::process::id(), "at_us": now_us(),
        })
        .to_string();
        line.push('\n');
        self.log.write_all(line.as_bytes())?;
        self.log.sync_all()
    }
}
