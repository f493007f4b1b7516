//! Keeping a connection up: what ends it, and when it is made again, without limit.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};

use crate::retry::Backoff;

/// Why a connection is given up, for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failure(String);

impl Failure {
    pub(super) fn new(cause: impl Display) -> Self {
        Self(cause.to_string())
    }
}

/// The answer, if it comes in time: lapin leaves some requests of a connection that ends without one.
pub(super) async fn within<T>(
    time: Duration,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Failure> {
    match timeout(time, answer).await {
        Ok(answer) => answer.map_err(Failure::new),
        Err(_) => Err(Failure(format!("no answer within {} s", time.as_secs()))),
    }
}

/// What lived that long starts the pauses over. A connection that ends as soon as it is made does not.
const LIVED: Duration = Duration::from_secs(10);

/// The attempts to have one connection.
pub(super) struct Attempts {
    role: &'static str,
    backoff: Backoff,
    connected: Option<Instant>,
    outage: bool,
}

impl Attempts {
    pub(super) fn new(role: &'static str) -> Self {
        Self {
            role,
            backoff: Backoff::default(),
            connected: None,
            outage: false,
        }
    }

    /// The attempt succeeded; the connection is in use now.
    pub(super) fn connected(&mut self) {
        self.connected = Some(Instant::now());
        self.outage = false;
    }

    /// Returns when the next attempt is due. Of an outage the beginning is logged, not every attempt in it.
    pub(super) async fn failed(&mut self, cause: Failure) {
        let role = self.role;
        if self
            .connected
            .take()
            .is_some_and(|since| since.elapsed() > LIVED)
        {
            self.backoff.reset();
        }
        if self.outage {
            debug!(role, %cause, "still no connection to RabbitMQ");
        } else {
            warn!(role, %cause, "no connection to RabbitMQ, trying again until there is one");
        }
        self.outage = true;
        sleep(self.backoff.next_delay()).await;
    }
}
