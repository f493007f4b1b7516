//! When executions begin: one after the other in so many lanes, or at a rate, whatever becomes of those before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// An open loop does not wait, but for this machine: beyond so many under way it would measure itself.
const MOST_UNDER_WAY: usize = 20_000;

/// How many, and until when.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) executions: u64,
    pub(super) duration: Option<Duration>,
    /// Somebody wants it to end.
    pub(super) enough: CancellationToken,
}

impl Limits {
    fn over(&self, begun: Instant) -> bool {
        let late = self
            .duration
            .is_some_and(|duration| begun.elapsed() >= duration);
        late || self.enough.is_cancelled()
    }
}

/// A closed loop: `execute` is given the moment in which its execution begins.
pub(super) async fn closed<F>(
    lanes: usize,
    limits: &Limits,
    execute: impl Fn(Instant) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let (begun, taken) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..lanes {
        let (limits, taken, execute) = (limits.clone(), Arc::clone(&taken), execute.clone());
        tasks.spawn(async move {
            while !limits.over(begun) && taken.fetch_add(1, Ordering::Relaxed) < limits.executions {
                execute(Instant::now()).await;
            }
        });
    }
    tasks.join_all().await;
}

/// An open loop: `execute` is given the moment in which its execution was meant to begin, however late it is. Answers how
/// many were not begun because too many were under way.
pub(super) async fn open<F>(rate: f64, limits: &Limits, execute: impl Fn(Instant) -> F) -> u64
where
    F: Future<Output = ()> + Send + 'static,
{
    let (begun, mut left_out) = (Instant::now(), 0);
    let mut tasks = JoinSet::new();
    for n in 0..limits.executions {
        let meant = begun + Duration::from_secs(1).mul_f64(n as f64 / rate);
        tokio::select! {
            () = sleep_until(meant) => {}
            () = limits.enough.cancelled() => break,
        }
        if limits.over(begun) {
            break;
        }
        while tasks.try_join_next().is_some() {}
        if tasks.len() < MOST_UNDER_WAY {
            tasks.spawn(execute(meant));
        } else {
            left_out += 1;
        }
    }
    tasks.join_all().await;
    left_out
}
