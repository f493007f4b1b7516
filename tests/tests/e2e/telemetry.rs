//! What operators see: traces, and logs that keep secrets.

use std::time::Duration;

use tests::process::{PATIENCE, Process};
use tests::server::Server;
use tokio::time::timeout;

mod collector;
mod ids;
mod secrets;
mod traces;

/// All programs of a server.
fn programs(server: &Server) -> impl Iterator<Item = &Process> {
    server.apis.iter().chain(&server.workers)
}

/// Whether nothing but one program does everything.
fn is_one(server: &Server) -> bool {
    server.workers.is_empty()
}

/// Asks until the answer is as wished for: what is counted after an answer was sent shows a little later.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = timeout(PATIENCE, asking).await;
    assert!(in_time.is_ok(), "not in time: {what}");
}
