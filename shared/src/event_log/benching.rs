//! What the benchmarks measure that is not public.

use std::collections::VecDeque;

use bytes::Bytes;

use super::splice::Splice;
use super::{LiveBatch, Page, Top};
use crate::event::frame;
use crate::id::{EventId, ExecutionId};

/// How many events a follower that has seen all before is given of a message of the live stream.
#[must_use]
pub fn follow(published: Bytes) -> usize {
    let Some(batch) = LiveBatch::decode(published) else {
        return 0;
    };
    let (mut splice, mut out) = (Splice::new(batch.after), VecDeque::new());
    let last = batch.after;
    let top = Top { last, ended: false };
    splice.page(
        Page {
            top,
            ..Page::default()
        },
        &mut out,
    );
    splice.batch(&batch, &mut out);
    out.len()
}

/// A message of the live stream: so many events with frames of so many bytes, after the first one of an attempt.
#[must_use]
pub fn published(events: u64, bytes: usize) -> Bytes {
    let (mut message, line) = (b"1-1\n".to_vec(), "x".repeat(bytes));
    for seq in 2..2 + events {
        let id = EventId { attempt: 1, seq };
        let event = frame::claude_message(ExecutionId::generate(), id, &line);
        LiveBatch::encode_event(&event, &mut message);
    }
    message.into()
}
