//! Telling the fleet what a program has counted, each thing once.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;
use uuid::Uuid;

use super::{Fleet, HEARTBEAT, Tallies, Tally};
use crate::error::Unavailable;

/// The numbers under which a program tells what it has counted.
#[derive(Debug)]
pub struct Counter {
    id: Uuid,
    number: u64,
    /// What was sent last and not answered: it may have been counted, and is sent again under its number.
    unanswered: Option<Tally>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            id: Uuid::new_v4(),
            number: 0,
            unanswered: None,
        }
    }
}

impl Counter {
    /// Tells what was counted since the last time.
    ///
    /// # Errors
    /// When the fleet does not answer; nothing is lost, and it can be tried again.
    pub async fn tell(&mut self, fleet: &dyn Fleet, tallies: &Tallies) -> Result<(), Unavailable> {
        if let Some(tally) = &self.unanswered {
            fleet.count(self.id, self.number, tally).await?;
            self.unanswered = None;
        }
        let tally = tallies.take();
        if tally.is_empty() {
            return Ok(());
        }
        self.number += 1;
        let tally = self.unanswered.insert(tally);
        fleet.count(self.id, self.number, tally).await?;
        self.unanswered = None;
        Ok(())
    }
}

/// What the last telling may take.
const LAST: Duration = Duration::from_secs(2);

/// Tells every few seconds what was counted, and once more when it is to end.
pub async fn keep_counting(fleet: &dyn Fleet, tallies: &Tallies, end: &CancellationToken) {
    let mut counter = Counter::default();
    let counting = async {
        loop {
            sleep(HEARTBEAT).await;
            if let Err(error) = counter.tell(fleet, tallies).await {
                debug!(%error, "cannot tell what was counted");
            }
        }
    };
    end.run_until_cancelled(counting).await;
    if !matches!(
        timeout(LAST, counter.tell(fleet, tallies)).await,
        Ok(Ok(()))
    ) {
        debug!("what was counted last is lost");
    }
}
