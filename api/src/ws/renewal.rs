//! A new token on an open connection.

use longshore_shared::id::WorkspaceId;

use crate::error::{ApiError, Code};
use crate::identity::bearer::Token;
use crate::identity::{Caller, Scope};
use crate::state::ApiState;

/// The caller as its new token makes it. Where callers are not identified, nothing changes.
///
/// # Errors
/// Where the token is not accepted, is somebody else's, or may no longer watch what is watched.
pub(super) fn renew(
    state: &ApiState,
    caller: &Caller,
    token: &Token,
    workspace: &WorkspaceId,
) -> Result<Caller, ApiError> {
    let Some(verifier) = &state.verifier else {
        return Ok(caller.clone());
    };
    let renewed = verifier.verify(token)?;
    if renewed.subject != caller.subject {
        let message = "the new token has another subject; it needs a connection of its own";
        return Err(ApiError::new(Code::Forbidden, message));
    }
    renewed.may(Scope::Read)?;
    if !renewed.sees(workspace) {
        return Err(ApiError::execution_not_found());
    }
    Ok(renewed)
}
