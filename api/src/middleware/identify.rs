//! Finds out who calls, before any handler runs.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::identity::Caller;

/// Gives handlers their [`Caller`].
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Caller::anonymous());
    next.run(request).await
}
