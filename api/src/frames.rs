//! The frames that belong to one connection, and so are made here: `subscribed`, `gap`, `error`, `pong`.

use bytes::Bytes;
use longshore_shared::event::frame::frame;
use longshore_shared::event_log::Followed;
use longshore_shared::execution::Status;
use longshore_shared::id::{EventId, ExecutionId};
use longshore_shared::metrics::{BYTES_STREAMED, EVENTS_STREAMED};
use longshore_shared::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::error::Code;

mod list;

pub(crate) use list::{FrameList, MAX_PAGE_BYTES};

pub(crate) fn subscribed(
    execution: ExecutionId,
    status: Status,
    last: Option<EventId>,
    resumed_after: Option<EventId>,
) -> Bytes {
    let data = json!({ "status": status, "last_id": last, "resumed_after": resumed_after });
    build("subscribed", execution, &data)
}

fn gap(
    execution: ExecutionId,
    requested: Option<EventId>,
    earliest: Option<EventId>,
    latest: Option<EventId>,
) -> Bytes {
    build(
        "gap",
        execution,
        &json!({ "requested": requested, "earliest": earliest, "latest": latest }),
    )
}

/// What a follower was given.
pub(crate) fn followed(followed: Followed, execution: ExecutionId) -> Bytes {
    match followed {
        Followed::Event(event) => {
            EVENTS_STREAMED.add(1);
            BYTES_STREAMED.add(event.frame.len() as u64);
            event.frame
        }
        Followed::Gap {
            requested,
            earliest,
            latest,
        } => gap(execution, requested, earliest, latest),
    }
}

pub(crate) fn error(execution: ExecutionId, code: Code, message: &str) -> Bytes {
    build(
        "error",
        execution,
        &json!({ "code": code, "message": message }),
    )
}

pub(crate) fn pong(execution: ExecutionId) -> Bytes {
    build("pong", execution, &json!({}))
}

fn build(kind: &str, execution: ExecutionId, data: &Value) -> Bytes {
    frame(kind, execution, None, Timestamp::now(), &data.to_string())
}
