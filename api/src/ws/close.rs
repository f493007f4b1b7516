//! Why a socket is closed, with the codes of the contract.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

/// The reasons this server closes for. Each code tells a client whether to come back with `?after=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// After `end`: nothing will follow.
    Ended,
    /// Come back, here or elsewhere.
    Restarting,
    /// Too many frames that are no command.
    PolicyViolation,
    /// A frame that is too large.
    TooBig,
    /// Nothing could be written for too long.
    TooSlow,
    /// The client closed.
    Left,
    /// The connection is broken, or the client was not heard of for too long: nobody to tell.
    Gone,
}

impl Close {
    /// The close frame; `None` where the client has sent its own, or nobody would read it.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Ended => (1000, "ended"),
            Self::Restarting => (1012, "server restarting; reconnect with ?after="),
            Self::PolicyViolation => (1008, "too many invalid frames"),
            Self::TooBig => (1009, "a client frame may have 64 KiB at most"),
            Self::TooSlow => (4408, "too slow; reconnect with ?after="),
            Self::Left | Self::Gone => return None,
        };
        Some(CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        })
    }
}
