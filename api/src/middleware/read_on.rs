//! Reads a body to its end also where nobody wanted it, as where its request is refused: a client that still writes when
//! the connection is closed sees a broken pipe, and never the answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What is read and dropped of a body; whoever sends more than that does not want an answer.
const MAX_DROPPED: usize = 100 << 20;

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lends the body to whoever answers, and reads what is left of it before the answer is sent.
pub(crate) async fn read_on(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asks_first = request.headers().contains_key(EXPECT);
    let (home, rest) = oneshot::channel();
    let request = request.map(|body| Body::from_stream(Lent::new(body, home)));
    let response = next.run(request).await;
    // What was read to its end does not come back. Who asks before it sends a body has none on its way.
    if let Ok(rest) = rest.await
        && (rest.begun || !asks_first)
    {
        skip(rest.pieces).await;
    }
    response
}

/// What is left of a body.
struct Rest {
    pieces: BodyDataStream,
    /// Whether any of it was asked for.
    begun: bool,
}

/// A body that goes home when it is dropped before its end.
struct Lent {
    rest: Option<Rest>,
    home: Option<oneshot::Sender<Rest>>,
}

impl Lent {
    fn new(body: Body, home: oneshot::Sender<Rest>) -> Self {
        let rest = Rest {
            pieces: body.into_data_stream(),
            begun: false,
        };
        Self {
            rest: Some(rest),
            home: Some(home),
        }
    }
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        rest.begun = true;
        let piece = ready!(rest.pieces.poll_next_unpin(context));
        if !matches!(piece, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(piece)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(rest), Some(home)) = (self.rest.take(), self.home.take()) {
            // Nobody waits for it any more where the connection broke.
            let _ = home.send(rest);
        }
    }
}

async fn skip(mut pieces: BodyDataStream) {
    let dropping = async {
        let mut dropped = 0;
        while let Some(Ok(piece)) = pieces.next().await {
            dropped += piece.len();
            if dropped > MAX_DROPPED {
                return;
            }
        }
    };
    // Answered all the same when it does not end in time.
    let _ = timeout(PATIENCE, dropping).await;
}
