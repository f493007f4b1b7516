//! Longshore's API as a library: `longshore-api` serves it, and so do `longshore dev` and the tests.

use std::time::Duration;

use longshore_shared::fleet::keep_counting;
use longshore_shared::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

mod admin;
pub mod config;
mod connections;
mod console;
mod docs;
mod error;
mod extract;
mod frames;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod identity;
mod listener;
mod middleware;
mod openapi;
mod page;
mod router;
mod routes;
pub mod state;
mod view;
mod watch;
mod ws;

pub use admin::serve as serve_admin;
use state::ApiState;

/// How long requests have to end when the server stops: longer than any engine may take to answer one.
const LAST_REQUESTS: Duration = Duration::from_secs(15);

/// How long sockets have to say goodbye after that, and whatever else has begun to come to its end.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves until it is to stop, then lets requests end and closes sockets with 1012. What fails while connections are
/// accepted is logged and tried again.
pub async fn serve(listener: TcpListener, state: ApiState, shutdown: Shutdown) {
    let (stopping, tasks) = (state.stopping.clone(), state.tasks.clone());
    let _asked = AbortOnDropHandle::new(tokio::spawn(pass_on(shutdown, stopping.clone())));
    let verifier = state.verifier.clone();
    let _fresh_keys = verifier.map(|keys| AbortOnDropHandle::new(tokio::spawn(keys.keep_fresh())));
    let (counted, done) = (state.clone(), CancellationToken::new());
    let counting = tokio::spawn({
        let done = done.clone();
        async move { keep_counting(&*counted.backends.fleet, &counted.tallies, &done).await }
    });
    let served = listener::serve(listener, router::router(state), stopping.stop.clone());
    // A client that never finishes its request must not keep the server.
    let too_late = async {
        stopping.stop.cancelled().await;
        let last = tokio::time::sleep(LAST_REQUESTS);
        stopping.hurry.run_until_cancelled(last).await;
    };
    tokio::select! {
        () = served => {}
        () = too_late => warn!("requests did not end in time"),
    }
    tasks.close();
    if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
        warn!(
            tasks = tasks.len(),
            "sockets and other work did not end in time"
        );
    }
    done.cancel();
    // A panic of it was logged by the panic hook.
    let _ = counting.await;
}

async fn pass_on(asked: Shutdown, stopping: Shutdown) {
    asked.stop.cancelled().await;
    stopping.stop.cancel();
    asked.hurry.cancelled().await;
    stopping.hurry.cancel();
}
