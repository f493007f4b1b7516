//! Why a socket is closed, with the codes of the contract.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

use crate::error::Code;

/// The reasons this server closes for. Each code tells a client whether to come back with `?after=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// After `end`: nothing will follow.
    Ended,
    /// Come back, here or elsewhere.
    Restarting,
    /// Cannot be served at the moment: come back, here or elsewhere.
    Overloaded,
    /// Too many frames that are no command.
    PolicyViolation,
    /// A frame that is too large.
    TooBig,
    /// The caller is not known.
    Unauthorized,
    /// The token has ended, and no new one came in time.
    Expired,
    /// The caller may not watch.
    Forbidden,
    /// There is no such execution for the caller.
    NotFound,
    /// Nothing could be written for too long.
    TooSlow,
    /// The client closed.
    Left,
    /// The connection is broken, or the client was not heard of for too long: nobody to tell.
    Gone,
}

impl Close {
    /// What a refusal closes with, that came too late to refuse the upgrade.
    pub(super) fn after(code: Code) -> Self {
        match code {
            Code::Unauthorized => Self::Unauthorized,
            Code::Forbidden => Self::Forbidden,
            Code::ExecutionNotFound => Self::NotFound,
            Code::ShuttingDown => Self::Restarting,
            _ => Self::Overloaded,
        }
    }

    /// The close frame; `None` where the client has sent its own, or nobody would read it.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Ended => (1000, "ended"),
            Self::Restarting => (1012, "server restarting; reconnect with ?after="),
            Self::Overloaded => (1013, "try again later"),
            Self::PolicyViolation => (1008, "too many invalid frames"),
            Self::TooBig => (1009, "a client frame may have 64 KiB at most"),
            Self::Unauthorized => (4401, "a valid token is needed"),
            Self::Expired => (4401, "the token has expired"),
            Self::Forbidden => (4403, "forbidden"),
            Self::NotFound => (4404, "no such execution"),
            Self::TooSlow => (4408, "too slow; reconnect with ?after="),
            Self::Left | Self::Gone => return None,
        };
        Some(CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        })
    }
}
