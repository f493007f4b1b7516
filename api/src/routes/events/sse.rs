//! Frames as server-sent events: WHATWG HTML, section 9.2.

use longshore_shared::event_log::Followed;
use longshore_shared::id::{EventId, ExecutionId};

use crate::frames;

/// A comment that keeps the connection from being taken for dead.
pub(super) const PING: &[u8] = b": ping\n\n";

/// Adds an event whose data is a frame.
pub(super) fn push(out: &mut Vec<u8>, kind: &str, id: Option<EventId>, frame: &[u8]) {
    out.extend_from_slice(format!("event: {kind}\n").as_bytes());
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    out.extend_from_slice(b"data: ");
    // A line's end would end the data. In JSON it stands between tokens only, where a space says the same.
    out.extend(frame.iter().map(|byte| match byte {
        b'\r' | b'\n' => b' ',
        byte => *byte,
    }));
    out.extend_from_slice(b"\n\n");
}

/// Adds what a follower was given.
pub(super) fn push_followed(out: &mut Vec<u8>, followed: Followed, execution: ExecutionId) {
    let (kind, id) = match &followed {
        Followed::Event(event) => (event.kind.as_str(), event.id),
        Followed::Gap { .. } => ("gap", None),
    };
    push(out, kind, id, &frames::followed(followed, execution));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_block_whatever_its_data_holds() {
        let mut out = Vec::new();
        let id = EventId { attempt: 1, seq: 2 };
        push(&mut out, "end", Some(id), b"{\r\n \"a\":\n1}");
        push(&mut out, "progress", None, b"{}");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "event: end\nid: 1-2\ndata: {   \"a\": 1}\n\nevent: progress\ndata: {}\n\n"
        );
    }
}
