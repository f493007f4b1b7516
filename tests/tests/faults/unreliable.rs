//! Engines that do what they are asked late, or not, or do it and do not say so.

use std::time::Duration;

use tests::server::{Server, Setup};
use tests::soak::run_on_unreliable;

const TIME: Duration = Duration::from_secs(20);
const CLIENTS: usize = 24;

async fn nothing_is_lost_or_doubled(in_memory: bool) {
    let setup = Setup {
        apis: 3,
        ..Setup::default()
    };
    let setup = setup
        .with("UNRELIABLE_PERCENT", "10")
        .with("LONGSHORE_LEASE", "5s")
        .with("LONGSHORE_SLOTS", "8");
    Server::unreliable(setup, in_memory, |server| async move {
        let verdict = run_on_unreliable(&server, CLIENTS, TIME, 1).await;
        assert!(verdict.is_clean(), "{verdict}");
        server
    })
    .await;
}

#[tokio::test]
async fn operations_in_memory_that_fail_lose_nothing() {
    nothing_is_lost_or_doubled(true).await;
}

#[tokio::test]
async fn operations_on_rabbitmq_and_redis_that_fail_lose_nothing() {
    nothing_is_lost_or_doubled(false).await;
}
