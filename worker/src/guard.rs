//! The guard: a process beside each worker, which ends what runs there when the worker has died or sleeps.
//!
//! A worker that has died leaves its CLIs and their tools running, and one that is stopped can neither freeze nor kill anything
//! when its leases end. The guard hears the worker's pulse on its stdin. When that ends it kills
//! all that carries the worker's mark, and goes; when there is none for too long it kills the same, and waits for the
//! worker to wake.

use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::claude::Mark;

mod pulse;

pub(crate) use pulse::Pulse;

/// The name that a program is started under to be a guard.
pub const NAME: &str = "longshore-guard";

/// What the guard is told first, in one line.
#[derive(Debug, PartialEq, Eq)]
struct Orders {
    /// The worker's process, as its runs are marked with it.
    worker: String,
    /// How long its pulse may fail.
    silence: Duration,
}

impl Orders {
    fn line(&self) -> String {
        format!("{} {}\n", self.silence.as_millis(), self.worker)
    }

    fn parse(line: &str) -> Option<Self> {
        let (silence, worker) = line.trim_end().split_once(' ')?;
        Some(Self {
            worker: worker.to_owned(),
            silence: Duration::from_millis(silence.parse().ok()?),
        })
    }
}

/// Guards the worker at the other end of stdin until that is gone.
#[must_use]
pub fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let guarded = runtime.and_then(|runtime| runtime.block_on(guard()));
    match guarded {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{NAME}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn guard() -> std::io::Result<()> {
    // A signal that is heeded does not end this process: whoever ends a whole group of them would else end it before
    // the worker, which may still need it.
    let _heeded = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    ];
    let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut pulse = BufReader::new(Receiver::from_owned_fd(stdin)?);
    let mut line = String::new();
    pulse.read_line(&mut line).await?;
    let Some(orders) = Orders::parse(&line) else {
        return Err(std::io::Error::other("it is for workers to start this"));
    };
    let runs = Mark::process(&orders.worker);
    while watch(&mut pulse, orders.silence, &runs).await {}
    runs.kill_all().await;
    Ok(())
}

/// Returns after a beat, also one that came too late; `false` when there will be no more.
async fn watch(pulse: &mut BufReader<Receiver>, silence: Duration, runs: &Mark) -> bool {
    let mut beats = [0; 64];
    let beat = match timeout(silence, pulse.read(&mut beats)).await {
        Ok(beat) => beat,
        Err(_) => {
            runs.kill_all().await;
            pulse.read(&mut beats).await
        }
    };
    beat.is_ok_and(|read| read > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_one_line() {
        let orders = Orders {
            worker: "pid:[4026531836]/12/345".to_owned(),
            silence: Duration::from_secs(13),
        };
        assert_eq!(Orders::parse(&orders.line()), Some(orders));
        assert_eq!(Orders::parse(""), None);
        assert_eq!(Orders::parse("soon me\n"), None);
    }
}
