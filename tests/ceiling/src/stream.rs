//! Events on their way through Redis: a line each, `{number} {frame}`.

use std::fmt::Write as _;

use bytes::Bytes;
use uuid::Uuid;

/// The frame of an event, as the contract has it.
pub(crate) fn frame(kind: &str, execution: Uuid, number: u64, at: &str, data: &str) -> String {
    let mut text = String::with_capacity(data.len() + 150);
    let _ = write!(
        text,
        r#"{{"type":"{kind}","execution_id":"{execution}","id":"1-{number}","timestamp":"{at}","data":{data}}}"#
    );
    text
}

/// Adds an event to what is published.
pub(crate) fn add(published: &mut String, number: u64, frame: &str) {
    let _ = writeln!(published, "{number} {frame}");
}

/// The events in what was published, sharing its memory.
pub(crate) fn split(published: &Bytes) -> impl Iterator<Item = (u64, Bytes)> {
    let lines = memchr::memchr_iter(b'\n', published);
    let mut start = 0;
    lines.filter_map(move |end| {
        let line = published.slice(start..end);
        start = end + 1;
        let space = memchr::memchr(b' ', &line)?;
        let number = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
        Some((number, line.slice(space + 1..)))
    })
}

/// Whether the frame is the last one.
pub(crate) fn is_end(frame: &[u8]) -> bool {
    frame.starts_with(br#"{"type":"end""#)
}
