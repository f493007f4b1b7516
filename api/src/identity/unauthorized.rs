//! The refusal of a caller that is not known: 401 with its challenge.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, Code};

/// Why it is not known who calls. The message never shows anything of the token.
#[derive(Debug, Clone)]
pub(crate) struct Unauthorized {
    pub(crate) message: String,
    /// Whether there was a token.
    given: bool,
}

impl Unauthorized {
    /// There is no token.
    pub(crate) fn missing() -> Self {
        Self::none("a token is needed, in the header authorization: Bearer {token}")
    }

    /// What is there is no token.
    pub(crate) fn none(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            given: false,
        }
    }

    /// There is one, and it is not accepted.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            given: true,
        }
    }

    /// The challenge of RFC 6750, section 3: without an error code where no token was given.
    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(if self.given {
            r#"Bearer error="invalid_token""#
        } else {
            "Bearer"
        })
    }
}

impl From<Unauthorized> for ApiError {
    fn from(refusal: Unauthorized) -> Self {
        Self::new(Code::Unauthorized, refusal.message)
    }
}

impl IntoResponse for Unauthorized {
    fn into_response(self) -> Response {
        let challenge = [(header::WWW_AUTHENTICATE, self.challenge())];
        (challenge, ApiError::from(self)).into_response()
    }
}
