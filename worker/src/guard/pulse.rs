//! The worker's end of its guard: starts one, and lets it hear that this process lives and is awake.

use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use longshore_shared::retry::Backoff;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::warn;

use super::{NAME, Orders};
use crate::claude::this_process;

/// This process, which is never deleted, moved or replaced.
const OURSELVES: &str = "/proc/self/exe";

/// A worker's pulse.
pub(crate) struct Pulse {
    silence: Duration,
    beats: Mutex<Beats>,
}

#[derive(Clone, Copy)]
struct Beats {
    last: Instant,
    /// When the worker last woke from a sleep in which the guard killed what ran.
    woke: Option<Instant>,
}

impl Pulse {
    /// Nobody takes an execution over before its lease and a grace of 5 s are over. The last renewal may have been a
    /// third of a lease before the last beat, and the guard is left two seconds for killing.
    pub(crate) fn new(lease: Duration) -> Self {
        let now = Instant::now();
        Self {
            silence: lease * 2 / 3 + Duration::from_secs(3),
            beats: Mutex::new(Beats {
                last: now,
                woke: None,
            }),
        }
    }

    /// Beats for ever; calls `woken` after each sleep that was too long.
    pub(crate) async fn keep(&self, woken: impl Fn()) {
        let mut backoff = Backoff::default();
        loop {
            match start() {
                Ok(guard) => {
                    let begun = Instant::now();
                    self.beat_for(guard, &woken).await;
                    warn!("the guard is gone; starting another");
                    if begun.elapsed() > self.silence {
                        backoff.reset();
                    }
                }
                Err(error) => warn!(%error, "the guard cannot be started; will try again"),
            }
            tokio::time::sleep(backoff.next_delay()).await;
            self.beat(Instant::now(), &woken);
        }
    }

    /// Whether this worker slept for so long, since then, that its guard killed what ran.
    pub(crate) fn slept_since(&self, then: Instant) -> bool {
        self.slept_between(then, Instant::now())
    }

    fn slept_between(&self, then: Instant, now: Instant) -> bool {
        let beats = *self.beats();
        beats.woke.is_some_and(|woke| woke > then) || self.is_too_long(now - beats.last)
    }

    /// Beats as long as the guard hears it.
    async fn beat_for(&self, (_child, mut stdin): (Child, ChildStdin), woken: &impl Fn()) {
        let orders = Orders {
            worker: this_process().to_owned(),
            silence: self.silence,
        };
        let mut beat = orders.line().into_bytes();
        let mut due = interval(self.silence / 10);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            self.beat(Instant::now(), woken);
            if !matches!(
                timeout(self.silence, stdin.write_all(&beat)).await,
                Ok(Ok(()))
            ) {
                return;
            }
            beat = vec![b'\n'];
        }
    }

    fn beat(&self, now: Instant, woken: &impl Fn()) {
        let mut beats = self.beats();
        let slept = self.is_too_long(now - beats.last);
        beats.last = now;
        if slept {
            beats.woke = Some(now);
        }
        drop(beats);
        if slept {
            warn!("this worker was stopped for so long that what ran here was killed");
            woken();
        }
    }

    /// A little less than the guard waits: what it may have killed is not taken for an end of its own.
    fn is_too_long(&self, slept: Duration) -> bool {
        slept > self.silence * 9 / 10
    }

    /// The sections under this lock do not panic, so a poisoned one is still whole.
    fn beats(&self) -> std::sync::MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In a process group of its own, so that a terminal's Ctrl-C does not reach it, and with none of our environment.
fn start() -> std::io::Result<(Child, ChildStdin)> {
    let mut child = Command::new(OURSELVES)
        .arg0(NAME)
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let stdin = child.stdin.take();
    let stdin = stdin.ok_or_else(|| std::io::Error::other("it has no stdin"))?;
    Ok((child, stdin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sleep_is_noticed_before_and_after_the_next_beat() {
        let pulse = Pulse::new(Duration::from_secs(15));
        let woken = std::cell::Cell::new(0);
        let beat = |at| pulse.beat(at, &|| woken.set(woken.get() + 1));
        let begun = Instant::now();
        let awake = begun + Duration::from_secs(10);
        beat(awake);
        assert!(!pulse.slept_between(begun, awake));
        let woke = awake + Duration::from_secs(13);
        assert!(pulse.slept_between(begun, woke), "before the beat");
        beat(woke);
        assert!(pulse.slept_between(begun, woke), "after it");
        assert!(!pulse.slept_between(woke, woke), "what began afterwards");
        assert_eq!(woken.get(), 1);
    }
}
