//! An answer on its way: its events in their time, and whether the client stayed to the end.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};

use super::Shared;
use super::sse::Message;

/// Sees whether the answer was taken to its end: dropped before, the client has hung up.
struct Witness {
    shared: Arc<Shared>,
    index: usize,
    done: bool,
}

impl Witness {
    fn finish(mut self) {
        self.done = true;
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if !self.done && !self.shared.stop.is_cancelled() {
            self.shared.hung_up(self.index);
        }
    }
}

/// The body of the answer to that request.
pub(super) fn body(message: Message, shared: Arc<Shared>, index: usize) -> Body {
    let stop = shared.stop.clone().cancelled_owned();
    let witness = Witness {
        shared,
        index,
        done: false,
    };
    let frames = stream::iter(message.events).then(|(wait, frame)| async move {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok::<_, Infallible>(frame)
    });
    let silence = stream::once(async move {
        if message.open_ended {
            std::future::pending::<()>().await;
        }
        witness.finish();
        Ok(Bytes::new())
    });
    Body::from_stream(frames.chain(silence).take_until(stop))
}
