//! What must be known of a frame; the rest of it is not taken apart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use longshore_shared::id::EventId;
use longshore_shared::timestamp::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(default)]
    pub(super) id: Option<EventId>,
    timestamp: Timestamp,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

/// The data of an `end`.
#[derive(Deserialize)]
pub(super) struct End {
    pub(super) status: String,
    pub(super) messages: u64,
}

impl Frame<'_> {
    /// How long ago it was written: by the CLI, where its text says when (` t=` and microseconds, as the fake CLI does), else
    /// by the server, to the millisecond. The clocks are taken to be the same.
    pub(super) fn age(&self) -> Duration {
        match written(self.data.get()) {
            Some(at) => since(at),
            None => self.timestamp.age(),
        }
    }
}

fn written(data: &str) -> Option<Duration> {
    const MARK: &[u8] = b" t=";
    const DIGITS: usize = 16;
    let place = memchr::memmem::find(data.as_bytes(), MARK)? + MARK.len();
    let micros = data.get(place..place + DIGITS)?.parse().ok()?;
    Some(Duration::from_micros(micros))
}

fn since(at: Duration) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().saturating_sub(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clis_own_clock_counts_where_it_is_told() {
        assert_eq!(
            written(r#"{"text":"n=1 t=1764000000000007 xxx"}"#),
            Some(Duration::from_micros(1_764_000_000_000_007))
        );
        for none in [r#"{"text":"hello"}"#, r#"{"text":" t=soon"}"#, "\" t=12"] {
            assert_eq!(written(none), None, "{none}");
        }
    }
}
