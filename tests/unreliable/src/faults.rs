//! What happens to an operation: one of three faults, or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use longshore_shared::error::Unavailable;

/// The longest delay; longer than some callers wait.
const LATE: u64 = 3000;

/// A cheap handle on the faults of one program.
#[derive(Clone)]
pub(crate) struct Faults {
    percent: u8,
    over: Arc<AtomicBool>,
}

enum Fault {
    /// It is not done.
    Fail,
    /// It is done, and its answer is lost.
    DoAndFail,
    /// It is done after a while.
    Delay(Duration),
}

impl Faults {
    pub(crate) fn new(percent: u8) -> Self {
        let over = Arc::default();
        Self { percent, over }
    }

    /// From now on nothing is disturbed.
    pub(crate) fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn draw(&self) -> Option<Fault> {
        let none = self.over.load(Ordering::Relaxed) || fastrand::u8(..100) >= self.percent;
        if none {
            return None;
        }
        Some(match fastrand::u8(..3) {
            0 => Fault::Fail,
            1 => Fault::DoAndFail,
            _ => Fault::Delay(Duration::from_millis(fastrand::u64(..LATE))),
        })
    }

    /// Does it, or not.
    pub(crate) async fn around<T, E: From<Unavailable>>(
        &self,
        operation: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match self.draw() {
            None => operation.await,
            Some(Fault::Fail) => Err(Unavailable::redis("it was not done").into()),
            Some(Fault::DoAndFail) => {
                let _ = operation.await;
                Err(Unavailable::redis("it was done, and its answer lost").into())
            }
            Some(Fault::Delay(length)) => {
                tokio::time::sleep(length).await;
                operation.await
            }
        }
    }
}
