//! Callers that may do what a handler does: asked before anything of a body is read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::{Caller, Scope};
use crate::error::ApiError;

/// A caller that may begin and end executions; others are refused with 403.
pub(crate) struct Executor(pub(crate) Caller);

/// A caller that may see and watch; others are refused with 403.
pub(crate) struct Reader(pub(crate) Caller);

/// A caller that may see the whole installation; others are refused with 403.
pub(crate) struct Administrator;

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        with(Scope::Admin, parts, state).await.map(|_| Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Executor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        with(Scope::Execute, parts, state).await.map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        with(Scope::Read, parts, state).await.map(Self)
    }
}

async fn with<S: Sync>(scope: Scope, parts: &mut Parts, state: &S) -> Result<Caller, ApiError> {
    let caller = Caller::from_request_parts(parts, state).await?;
    caller.may(scope)?;
    Ok(caller)
}
