//! The record and what follows, as a stream of server-sent events: the same follower as a WebSocket's.

use std::convert::Infallible;
use std::pin::pin;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use longshore_shared::id::{EventId, ExecutionId};
use longshore_shared::trace;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use super::sse;
use crate::connections::Place;
use crate::error::{ApiError, Code};
use crate::extract::Query;
use crate::identity::Caller;
use crate::middleware::trace::TraceId;
use crate::state::ApiState;
use crate::watch::{HEARTBEAT, Watch, patience};

/// Where a client that comes back says what it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What is gathered into one piece of the body, unless a single event is larger.
const PIECE: usize = 64 << 10;

/// Proxies must neither keep nor gather what belongs to one client, now.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    ),
];

/// A stream that is open.
struct Stream {
    state: ApiState,
    caller: Caller,
    watch: Watch,
    /// Given back when it ends.
    _place: Place,
}

pub(super) async fn stream(
    state: ApiState,
    caller: Caller,
    request: &TraceId,
    id: ExecutionId,
    mut query: Query,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let after = query.take_after()?;
    query.finish()?;
    let after = last_event_id(headers)?.or(after);
    let place = state.connections.enter(&caller)?;
    let watch = Watch::begin(&state, &caller, id, after).await?;
    if watch.is_at_end() {
        // Browsers come back whenever a stream ends, unless they are told that there is no more.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    // No part of the request's span, which would last as long as the stream.
    let span = info_span!(parent: None, "event_stream", trace_id = Empty, execution = %id);
    trace::place(&span, Some(request.place()));
    let tasks = state.tasks.clone();
    let stream = Stream {
        state,
        caller,
        watch,
        _place: place,
    };
    let (pieces, mut body) = mpsc::channel(1);
    tasks.spawn(stream.write(pieces).instrument(span));
    let body = stream::poll_fn(move |context| body.poll_recv(context)).map(Ok::<_, Infallible>);
    Ok((HEADERS, Body::from_stream(body)).into_response())
}

/// It counts more than `after`: a browser that comes back asks for the address it began with.
fn last_event_id(headers: &HeaderMap) -> Result<Option<EventId>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| {
        let message = "last-event-id: an event id is {attempt}-{seq}, as in 1-42";
        ApiError::new(Code::InvalidCursor, message)
    })
}

impl Stream {
    /// Writes until the end, or until the client's token has ended, or the client is gone or takes nothing for too long.
    /// A stream that ends without `end` is to be continued by its client.
    async fn write(self, pieces: mpsc::Sender<Bytes>) {
        let execution = self.watch.key.execution;
        let mut follower = self.watch.follower;
        let mut pings = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let (mut piece, mut waiting) = (Vec::new(), 0);
        let mut farewell = pin!(self.state.farewell());
        sse::push(&mut piece, "subscribed", None, &self.watch.hello);
        loop {
            while piece.len() < PIECE
                && let Some(followed) = follower.next_ready()
            {
                sse::push_followed(&mut piece, followed, execution);
            }
            // The piece before may be waiting yet.
            let patience = patience(waiting + piece.len());
            waiting = piece.len();
            let send = pieces.send(Bytes::from(std::mem::take(&mut piece)));
            tokio::select! {
                biased;
                () = self.caller.expired() => return,
                sent = timeout(patience, send) => if !matches!(sent, Ok(Ok(()))) {
                    return;
                },
            }
            tokio::select! {
                biased;
                () = self.caller.expired() => return,
                () = &mut farewell => return,
                followed = follower.next() => match followed {
                    Some(followed) => sse::push_followed(&mut piece, followed, execution),
                    None => return,
                },
                _ = pings.tick() => piece.extend_from_slice(sse::PING),
                () = pieces.closed() => return,
            }
        }
    }
}
