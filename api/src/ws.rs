//! `/ws/executions/{id}`: everything that can be refused is refused before the upgrade. Only where the token is to
//! come as the first frame, the upgrade comes before it.

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::StreamExt as _;
use longshore_shared::trace;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::error::{ApiError, Code};
use crate::extract::{PathId, Query};
use crate::identity::Caller;
use crate::middleware::origin;
use crate::middleware::trace::TraceId;
use crate::openapi::schemas::After;
use crate::state::ApiState;

mod close;
mod command;
mod connection;
mod entry;
mod input;
mod life;
mod parting;
mod reader;
mod renewal;
mod writer;

use entry::Entry;

/// The subprotocol; a client need not ask for it.
const PROTOCOL: &str = "longshore.v1";

/// What is read of a client's frame. It is more than a client may send, so that one that sent too much reads why its
/// connection is closed: with input left unread it would be reset.
const MAX_READ: usize = 1 << 20;

/// The same for who is not known yet, and may be anybody.
const MAX_READ_UNKNOWN: usize = 128 << 10;

/// What is read at once. The library's default of 128 KiB is allocated for every socket, and clients send next to nothing.
const READ_BUFFER: usize = 1 << 10;

/// What is written at once. A socket has so much only when that much was to be written.
const WRITE_BUFFER: usize = 16 << 10;

/// Watches an execution; `docs/api/asyncapi.yaml` describes the frames.
#[utoipa::path(
    get, path = "/ws/executions/{id}", operation_id = "watch_execution",
    tag = "executions", security(("bearer" = []), ()),
    params(
        ("id" = Uuid, Path, description = "The execution"),
        ("after" = Option<After>, Query, description = "The event to go on after"),
        ("sec-websocket-protocol" = Option<String>, Header, nullable = false, description = "`longshore.v1`, and `bearer.{token}` where `Authorization` cannot be sent"),
    ),
    responses((status = 101, description = "The socket is open")),
)]
pub(crate) async fn upgrade(
    State(state): State<ApiState>,
    caller: Option<Extension<Caller>>,
    PathId(id): PathId,
    mut query: Query,
    headers: HeaderMap,
    request: TraceId,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    origin::check(&state, &headers)?;
    let upgrade = upgrade.map_err(|_| {
        ApiError::new(
            Code::UpgradeRequired,
            "this path speaks WebSocket: connect with a WebSocket client",
        )
    })?;
    let after = query.take_after()?;
    query.finish()?;
    let place = match &caller {
        Some(Extension(caller)) => state.connections.enter(caller)?,
        None => state.connections.open()?,
    };
    let entry = Entry {
        state,
        id,
        after,
        place,
    };
    let caller = caller.map(|Extension(caller)| caller);
    let max_read = if caller.is_some() {
        MAX_READ
    } else {
        MAX_READ_UNKNOWN
    };
    open(with_limits(upgrade, max_read), caller, entry, &request).await
}

/// Upgrades for a caller that is known and may watch, or for one whose token is still to come.
async fn open(
    upgrade: WebSocketUpgrade,
    caller: Option<Caller>,
    entry: Entry,
    request: &TraceId,
) -> Result<Response, ApiError> {
    // No part of the request's span, which would last as long as the socket.
    let span =
        tracing::info_span!(parent: None, "websocket", trace_id = Empty, execution = %entry.id);
    trace::place(&span, Some(request.place()));
    // From here on, since the upgrade itself happens outside of both its request and its socket.
    let open = entry.state.tasks.token();
    let Some(caller) = caller else {
        return Ok(upgrade.on_upgrade(async move |socket| {
            entry.by_first_frame(socket).instrument(span).await;
            drop(open);
        }));
    };
    let connection = entry.admit(caller).await?;
    Ok(upgrade.on_upgrade(async move |socket| {
        let (sink, stream) = socket.split();
        connection.run(sink, stream).instrument(span).await;
        drop(open);
    }))
}

fn with_limits(upgrade: WebSocketUpgrade, max_read: usize) -> WebSocketUpgrade {
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(max_read)
        .max_frame_size(max_read)
}
