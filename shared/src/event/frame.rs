//! Frames: the JSON texts `{type, execution_id, id?, timestamp, data}` that clients are sent.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{Event, Kind};
use crate::execution::{Ending, Status};
use crate::id::{EventId, ExecutionId};
use crate::timestamp::Timestamp;

/// A frame with the given `data`, which must be JSON already; it is not looked at.
#[must_use]
pub fn frame(
    kind: &str,
    execution: ExecutionId,
    id: Option<EventId>,
    at: Timestamp,
    data: &str,
) -> Bytes {
    // 150 bytes are what stands around the data.
    let mut text = String::with_capacity(data.len() + 150);
    let _ = write!(text, r#"{{"type":"{kind}","execution_id":"{execution}""#);
    if let Some(id) = id {
        let _ = write!(text, r#","id":"{id}""#);
    }
    let _ = write!(text, r#","timestamp":"{at}","data":"#);
    text.push_str(data);
    text.push('}');
    Bytes::from(text)
}

/// One line of the CLI, recorded under `id`.
#[must_use]
pub fn claude_message(execution: ExecutionId, id: EventId, line: &str) -> Event {
    let kind = Kind::ClaudeMessage;
    Event {
        id: Some(id),
        kind,
        frame: frame(kind.as_str(), execution, Some(id), Timestamp::now(), line),
    }
}

/// A live-only event: a token delta or the progress.
#[must_use]
pub fn live(kind: Kind, execution: ExecutionId, data: &str) -> Event {
    Event {
        id: None,
        kind,
        frame: frame(kind.as_str(), execution, None, Timestamp::now(), data),
    }
}

/// A frame whose id and one number are only known to the store, at the moment in which it records it.
///
/// The two places are held by control characters, which JSON text never contains as such.
#[derive(Debug, Clone)]
pub struct Template {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

const ID_MARK: char = '\u{1}';
const NUMBER_MARK: char = '\u{2}';

impl Template {
    /// `status`: an attempt starts. The number is the attempt's.
    #[must_use]
    pub fn running(execution: ExecutionId) -> Self {
        Self::new(
            Kind::Status,
            execution,
            &format!(r#"{{"status":"running","attempt":{NUMBER_MARK}}}"#),
        )
    }

    /// `status`: the attempt was given up and another will follow. The number is the attempt's.
    #[must_use]
    pub fn worker_lost(execution: ExecutionId) -> Self {
        let data =
            format!(r#"{{"status":"pending","attempt":{NUMBER_MARK},"reason":"worker_lost"}}"#);
        Self::new(Kind::Status, execution, &data)
    }

    /// `end`. The number counts the recorded messages.
    #[must_use]
    pub fn end(execution: ExecutionId, ending: &Ending) -> Self {
        let status: Status = ending.kind.status();
        let result = ending.result.as_deref().map_or("null", RawValue::get);
        let error = json_or_null(ending.error.as_ref());
        let data = format!(
            r#"{{"status":"{status}","result":{result},"error":{error},"messages":{NUMBER_MARK}}}"#
        );
        Self::new(Kind::End, execution, &data)
    }

    fn new(kind: Kind, execution: ExecutionId, data: &str) -> Self {
        let at = Timestamp::now();
        let text = format!(
            r#"{{"type":"{kind}","execution_id":"{execution}","id":"{ID_MARK}","timestamp":"{at}","data":{data}}}"#
        );
        Self { kind, text }
    }

    /// The event, with both places filled.
    #[must_use]
    pub fn fill(&self, id: EventId, number: u64) -> Event {
        let text = self
            .text
            .replace(ID_MARK, &id.to_string())
            .replace(NUMBER_MARK, &number.to_string());
        Event {
            id: Some(id),
            kind: self.kind,
            frame: Bytes::from(text),
        }
    }
}

/// JSON of a value that cannot fail to be written, or `null`.
fn json_or_null<T: serde::Serialize>(value: Option<&T>) -> String {
    value
        .and_then(|value| serde_json::to_string(value).ok())
        .unwrap_or_else(|| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::{CancelReason, ErrorCode, ExecutionError};

    #[test]
    fn a_line_is_passed_on_exactly() {
        let line = r#"{"b":1.00,"a":"\u2028é","big":12345678901234567890123}"#;
        let event = claude_message(
            ExecutionId::generate(),
            EventId { attempt: 1, seq: 7 },
            line,
        );
        let text = std::str::from_utf8(&event.frame).unwrap();
        assert!(text.contains(&format!(r#""data":{line}}}"#)), "{text}");
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["id"], "1-7");
    }

    #[test]
    fn a_filled_template_is_json() {
        let mut ending = Ending::cancelled(CancelReason::Requested);
        ending.error = Some(ExecutionError::new(ErrorCode::CliExited, "\u{1}\u{2}\"%1"));
        let event = Template::end(ExecutionId::generate(), &ending)
            .fill(EventId { attempt: 0, seq: 1 }, 42);
        let value: serde_json::Value = serde_json::from_slice(&event.frame).unwrap();
        assert_eq!(value["id"], "0-1");
        assert_eq!(value["data"]["messages"], 42);
        assert_eq!(value["data"]["error"]["message"], "\u{1}\u{2}\"%1");
    }
}
