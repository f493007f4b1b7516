//! Cursors: where a page ended, as a text that clients give back unread.
//!
//! A cursor is a tag for its kind, the version of its form, and numbers, as base64url. Nothing in it is secret or trusted:
//! it names a place, and what may be seen from there is decided anew for every page.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use crate::id::ExecutionId;

/// The version of all forms here. A cursor of another one is refused.
const VERSION: u8 = 1;

const ALL_EXECUTIONS: u8 = b'e';
const EXECUTIONS_OF_SESSION: u8 = b'n';
const SESSIONS: u8 = b's';

/// A text that is not a cursor of the list it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct InvalidCursor;

/// A place in a list of executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionCursor {
    /// Below this execution, in a list by id.
    Below(ExecutionId),
    /// Below this number, in the list of one session.
    BelowNumber(u64),
}

/// A place in a list of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCursor {
    /// When the first page was read, on the index's own clock: the list is shown as it was then.
    pub(crate) moment: u64,
    /// Below this position.
    pub(crate) below: u64,
}

impl fmt::Display for ExecutionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Below(id) => encode(ALL_EXECUTIONS, &[id.0.as_bytes()]),
            Self::BelowNumber(number) => encode(EXECUTIONS_OF_SESSION, &[&number.to_be_bytes()]),
        })
    }
}

impl FromStr for ExecutionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (kind, body) = decode(text)?;
        match kind {
            ALL_EXECUTIONS => {
                exactly(&body).map(|id| Self::Below(ExecutionId(Uuid::from_bytes(id))))
            }
            EXECUTIONS_OF_SESSION => {
                exactly(&body).map(|number| Self::BelowNumber(u64::from_be_bytes(number)))
            }
            _ => Err(InvalidCursor),
        }
    }
}

impl fmt::Display for SessionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.moment.to_be_bytes(), self.below.to_be_bytes()];
        f.write_str(&encode(SESSIONS, &[&parts[0], &parts[1]]))
    }
}

impl FromStr for SessionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (kind, body) = decode(text)?;
        let (moment, below) = body.split_at_checked(8).ok_or(InvalidCursor)?;
        let cursor = Self {
            moment: u64::from_be_bytes(exactly(moment)?),
            below: u64::from_be_bytes(exactly(below)?),
        };
        // A page ends at a position that was taken before the list was first read.
        if kind == SESSIONS && cursor.below <= cursor.moment {
            Ok(cursor)
        } else {
            Err(InvalidCursor)
        }
    }
}

fn encode(kind: u8, parts: &[&[u8]]) -> String {
    BASE64.encode([&[kind, VERSION], parts.concat().as_slice()].concat())
}

/// The kind and the rest of a text that [`encode`] may have made. The decoder takes no text that it would write otherwise.
fn decode(text: &str) -> Result<(u8, Vec<u8>), InvalidCursor> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return Err(InvalidCursor);
    }
    let bytes = BASE64.decode(text).map_err(|_| InvalidCursor)?;
    match bytes.split_first_chunk() {
        Some(([kind, VERSION], body)) => Ok((*kind, body.to_vec())),
        _ => Err(InvalidCursor),
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], InvalidCursor> {
    bytes.try_into().map_err(|_| InvalidCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: SessionCursor = SessionCursor {
        moment: 1_764_000_000_007,
        below: 1_763_999_999_123,
    };

    fn executions() -> [ExecutionCursor; 2] {
        [
            ExecutionCursor::Below(ExecutionId::generate()),
            ExecutionCursor::BelowNumber(7),
        ]
    }

    #[test]
    fn cursors_are_read_back() {
        for cursor in executions() {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        assert_eq!(PLACE.to_string().parse(), Ok(PLACE));
    }

    #[test]
    fn a_cursor_of_the_other_list_is_refused() {
        assert!(PLACE.to_string().parse::<ExecutionCursor>().is_err());
        for cursor in executions() {
            assert!(cursor.to_string().parse::<SessionCursor>().is_err());
        }
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let good = PLACE.to_string();
        let other_version = BASE64.encode([&[SESSIONS, 2], [0; 16].as_slice()].concat());
        let later_than_its_moment = SessionCursor {
            moment: 1,
            below: 2,
        };
        let forged = [
            String::new(),
            "x".to_owned(),
            "1-4".to_owned(),
            "ä".to_owned(),
            format!("{good}="),
            format!("{good}A"),
            format!(" {good}"),
            good[..good.len() - 1].to_owned(),
            good[..good.len() - 4].to_owned(),
            good.to_lowercase(),
            "A".repeat(10_000),
            other_version,
            later_than_its_moment.to_string(),
        ];
        for text in forged {
            assert!(text.parse::<SessionCursor>().is_err(), "{text}");
            assert!(text.parse::<ExecutionCursor>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_has_one_spelling() {
        // 18 bytes leave no spare bits, 10 bytes leave some: those must be zero.
        let good = ExecutionCursor::BelowNumber(7).to_string();
        let (head, last) = good.split_at(good.len() - 1);
        let spellings = ('A'..='Z').chain('a'..='z').chain('0'..='9');
        let taken = spellings.filter(|c| {
            let text = format!("{head}{c}");
            text.parse::<ExecutionCursor>()
                .is_ok_and(|cursor| cursor.to_string() != text)
        });
        assert_eq!(taken.count(), 0, "{head} {last}");
    }
}
