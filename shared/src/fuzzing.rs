//! What holds for any bytes whatever, where this crate reads what came from outside. The targets in `fuzz/` search for
//! bytes for which it does not; the tests below try some.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use bytes::Bytes;

use crate::catalogue::{ExecutionCursor, SessionCursor};
use crate::event_log::LiveBatch;
use crate::id::{EventId, WorkspaceId};
use crate::job::Job;

/// A message of the queue: what is read is written as what reads the same.
pub fn job(bytes: &[u8]) {
    let Ok(job) = serde_json::from_slice::<Job>(bytes) else {
        return;
    };
    let _ = (job.key(), job.trace());
    let written = serde_json::to_string(&job).expect("a job can be written");
    let read: Job = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&read).ok(), Some(written));
}

/// What clients give back: each value has one spelling.
pub fn cursor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    one_spelling::<ExecutionCursor>(text);
    one_spelling::<SessionCursor>(text);
    one_spelling::<EventId>(text);
    one_spelling::<WorkspaceId>(text);
}

fn one_spelling<T: FromStr + Display + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text, "{value:?}");
    }
}

/// A message of pub/sub: what is read is all that is there, and is read again when it is written.
pub fn frame(bytes: &[u8]) {
    if let Some(batch) = LiveBatch::decode(Bytes::copy_from_slice(bytes)) {
        assert_eq!(LiveBatch::decode(published(&batch)), Some(batch));
    }
}

/// As `append.lua` writes it.
fn published(batch: &LiveBatch) -> Bytes {
    let after = batch
        .after
        .map_or_else(|| "-".to_owned(), |id| id.to_string());
    let first_line = format!("{after}\n").into_bytes();
    [first_line, LiveBatch::encode(&batch.events)]
        .concat()
        .into()
}

#[cfg(test)]
mod tests {
    use tests::mutants::{mutants, seeds};

    #[test]
    fn jobs_are_read_or_refused() {
        mutants(&seeds("job"), super::job);
    }

    #[test]
    fn cursors_are_read_or_refused() {
        mutants(&seeds("cursor"), super::cursor);
    }

    #[test]
    fn frames_are_read_or_refused() {
        mutants(&seeds("frame"), super::frame);
    }
}
