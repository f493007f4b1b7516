//! Where a page of a session's logs ended, as text that only this server can read.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use longshore_shared::catalogue::Order;
use longshore_shared::id::EventId;

/// A place between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogCursor {
    pub(super) order: Order,
    /// The execution's number in its session.
    pub(super) number: u64,
    /// The last event of it that was shown; `None` where none of it was.
    pub(super) event: Option<EventId>,
}

/// What the text begins with, under its encoding.
const TAG: &str = "l1";

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Ascending => "asc",
            Order::Descending => "desc",
        };
        let event = self.event.map(|id| id.to_string()).unwrap_or_default();
        let plain = format!("{TAG} {order} {} {event}", self.number);
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(plain))
    }
}

impl FromStr for LogCursor {
    type Err = ();

    /// Takes what [`fmt::Display`] has written, to the letter.
    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(drop)?;
        let plain = String::from_utf8(plain).map_err(drop)?;
        let [TAG, order, number, event] = plain.split(' ').collect::<Vec<_>>()[..] else {
            return Err(());
        };
        let cursor = Self {
            order: match order {
                "asc" => Order::Ascending,
                "desc" => Order::Descending,
                _ => return Err(()),
            },
            number: number.parse().map_err(drop)?,
            event: match event {
                "" => None,
                id => Some(id.parse().map_err(drop)?),
            },
        };
        if cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        for event in [
            None,
            Some(EventId {
                attempt: 1,
                seq: 42,
            }),
        ] {
            let cursor = LogCursor {
                order: Order::Descending,
                number: 7,
                event,
            };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for plain in [
            "",
            "l1 asc 7",
            "l1 up 7 1-1",
            "l2 asc 7 1-1",
            "l1 asc +7 1-1",
            "l1 asc 07 1-1",
            "l1 asc 7 x",
            "l1 asc 7 1-1 ",
        ] {
            let text = BASE64_URL_SAFE_NO_PAD.encode(plain);
            assert_eq!(text.parse::<LogCursor>(), Err(()), "{plain}");
        }
        for text in ["x", "é", "bDEgYXNjIDcgMS0x=", "bDEgYXNjIDcgMS0y!"] {
            assert_eq!(text.parse::<LogCursor>(), Err(()), "{text}");
        }
    }
}
