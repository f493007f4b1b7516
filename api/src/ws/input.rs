//! What came from a client, and whether it is fit to be looked at.

use axum::extract::ws::{Message, Utf8Bytes};
use tracing::debug;

use super::close::Close;

/// What a client may send in one frame.
const MAX_CLIENT_FRAME: usize = 64 << 10;

/// Something that a client has sent.
pub(super) enum Input {
    Text(Utf8Bytes),
    Binary,
    /// A ping or a pong, which say no more than that it is there.
    Sign,
}

impl Input {
    /// # Errors
    /// The reason to close, where the client has left or sent too much.
    pub(super) fn read(message: Option<Result<Message, axum::Error>>) -> Result<Self, Close> {
        match message {
            Some(Ok(Message::Text(text))) if text.len() > MAX_CLIENT_FRAME => Err(Close::TooBig),
            Some(Ok(Message::Binary(bytes))) if bytes.len() > MAX_CLIENT_FRAME => {
                Err(Close::TooBig)
            }
            Some(Ok(Message::Text(text))) => Ok(Self::Text(text)),
            Some(Ok(Message::Binary(_))) => Ok(Self::Binary),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Self::Sign),
            Some(Ok(Message::Close(_))) => Err(Close::Left),
            Some(Err(error)) => Err(broken(&error)),
            None => Err(Close::Gone),
        }
    }
}

fn broken(error: &axum::Error) -> Close {
    let text = error.to_string();
    debug!(error = text, "the socket failed");
    // The library tells its reasons only in words.
    if text.contains("too long") || text.contains("too big") || text.contains("Space limit") {
        Close::TooBig
    } else {
        Close::Gone
    }
}
