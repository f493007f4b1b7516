//! The header `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::ApiError;

const NAME: &str = "idempotency-key";
const MAX: usize = 255;

/// What a client calls a request, so that it can send it again; `None` where it does not.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(NAME).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        if values.next().is_some() {
            return Err(ApiError::invalid(NAME, "is given twice"));
        }
        let key = value.as_bytes();
        let fits =
            (1..=MAX).contains(&key.len()) && key.iter().all(|byte| (b' '..=b'~').contains(byte));
        if !fits {
            let wanted = format_args!("must be 1 to {MAX} printable ASCII characters");
            return Err(ApiError::invalid(NAME, wanted));
        }
        Ok(Self(Some(String::from_utf8_lossy(key).into_owned())))
    }
}
