//! What the callers' buckets promise.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use longshore_shared::backends::Backends;
use longshore_shared::rate_limit::{Limit, Quota, Verdict};
use longshore_shared::store::Retention;
use tokio::time::sleep;

use crate::engines::over_every_engine;

over_every_engine! { Retention::default() =>
    a_full_bucket_gives_its_burst_and_no_more,
    callers_have_buckets_of_their_own,
    after_the_time_it_says_there_is_a_token,
    a_bucket_that_is_full_again_gives_its_burst_again,
    a_limit_that_grew_holds_at_once,
    of_many_takes_at_once_no_more_than_the_burst_are_given,
}

fn limit(per_minute: u32, burst: u32) -> Limit {
    Limit {
        per_minute: NonZeroU32::new(per_minute).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    }
}

async fn take(on: &Backends, caller: &str, limit: Limit) -> Quota {
    on.limiter.take(caller, limit).await.unwrap()
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

async fn a_full_bucket_gives_its_burst_and_no_more(on: Backends) {
    let slow = limit(1, 3);
    for remaining in [2, 1, 0] {
        let quota = take(&on, "ann", slow).await;
        assert_eq!(
            (quota.verdict, quota.limit, quota.remaining),
            (Verdict::Taken, 3, remaining)
        );
        let in_seconds = quota.reset_at - seconds();
        let full = 60 * u64::from(3 - remaining);
        assert!((full - 2..=full + 1).contains(&in_seconds), "{in_seconds}");
    }
    for _ in 0..2 {
        let quota = take(&on, "ann", slow).await;
        let Verdict::Refused { retry_after } = quota.verdict else {
            panic!("{quota:?}");
        };
        assert!((50..=60).contains(&retry_after), "{retry_after}");
        assert_eq!(quota.remaining, 0);
    }
}

async fn callers_have_buckets_of_their_own(on: Backends) {
    let one = limit(1, 1);
    for caller in ["ann", "ben", "", "ann\n", "{ann}", "ä"] {
        assert_eq!(
            take(&on, caller, one).await.verdict,
            Verdict::Taken,
            "{caller:?}"
        );
        assert_ne!(
            take(&on, caller, one).await.verdict,
            Verdict::Taken,
            "{caller:?}"
        );
    }
}

async fn after_the_time_it_says_there_is_a_token(on: Backends) {
    let limit = limit(60, 1);
    assert_eq!(take(&on, "ann", limit).await.verdict, Verdict::Taken);
    let refused = take(&on, "ann", limit).await;
    assert_eq!(refused.verdict, Verdict::Refused { retry_after: 1 });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(take(&on, "ann", limit).await.verdict, Verdict::Taken);
}

async fn a_bucket_that_is_full_again_gives_its_burst_again(on: Backends) {
    // Slow enough that no machine is too slow to empty it.
    let fast = limit(600, 20);
    let mut given = 0;
    while take(&on, "ann", fast).await.verdict == Verdict::Taken {
        given += 1;
    }
    assert!(given >= 20, "{given}");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(take(&on, "ann", fast).await.remaining, 19);
}

async fn a_limit_that_grew_holds_at_once(on: Backends) {
    for _ in 0..3 {
        take(&on, "ann", limit(1, 3)).await;
    }
    let quota = take(&on, "ann", limit(600, 3)).await;
    assert_eq!(quota.verdict, Verdict::Refused { retry_after: 1 });
    let soon = async {
        while take(&on, "ann", limit(600, 3)).await.verdict != Verdict::Taken {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let soon = tokio::time::timeout(Duration::from_secs(10), soon);
    soon.await.expect("a token comes back in 100 ms");
}

async fn of_many_takes_at_once_no_more_than_the_burst_are_given(on: Backends) {
    let slow = limit(1, 7);
    let takes: Vec<_> = (0..50)
        .map(|_| {
            let limiter = on.limiter.clone();
            tokio::spawn(async move { limiter.take("ann", slow).await.unwrap() })
        })
        .collect();
    let mut left = Vec::new();
    for take in takes {
        let quota = take.await.unwrap();
        if quota.verdict == Verdict::Taken {
            left.push(quota.remaining);
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4, 5, 6], "each token is given once");
}
