//! A short soak; `make soak` is a long one.

use std::time::Duration;

use tests::soak::{Plan, run};

#[tokio::test]
async fn a_short_soak_is_clean() {
    let plan = Plan {
        time: Duration::from_secs(30),
        seed: 1,
        between_faults: Duration::from_secs(8),
    };
    if let Some(verdict) = run(plan).await {
        assert!(verdict.is_clean(), "{verdict}");
    }
}
