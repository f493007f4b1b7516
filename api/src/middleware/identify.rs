//! Finds out who calls, before any handler runs.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::identity::unauthorized::Unauthorized;
use crate::identity::{Caller, bearer};
use crate::state::ApiState;

/// Gives handlers their [`Caller`], and refuses whoever is none.
pub(crate) async fn identify(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Unauthorized> {
    let caller = caller(&state, &request)?.ok_or_else(Unauthorized::missing)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// As [`identify`], for a WebSocket: its token may be a subprotocol too, and where there is none the handler is given
/// no caller, because the token may still come as the first frame.
pub(crate) async fn identify_socket(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Unauthorized> {
    let known = match (caller(&state, &request)?, &state.verifier) {
        (None, Some(verifier)) => bearer::of_subprotocols(request.headers())
            .map(|token| verifier.verify(&token))
            .transpose()?,
        (known, _) => known,
    };
    if let Some(caller) = known {
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// Everybody is anonymous where there is no key; else the caller of the token in the header, where there is one.
fn caller(state: &ApiState, request: &Request) -> Result<Option<Caller>, Unauthorized> {
    let Some(verifier) = &state.verifier else {
        return Ok(Some(Caller::anonymous()));
    };
    let token = bearer::of_header(request.headers())?;
    token.map(|token| verifier.verify(&token)).transpose()
}
