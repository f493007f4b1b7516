//! What following an execution promises.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::event::frame;
use longshore_shared::event_log::{Followed, follow};
use longshore_shared::id::EventId;
use longshore_shared::job::Job;
use longshore_shared::metrics;
use tokio::time::timeout;

use crate::engines::{accepted, completed, message, messages, over_every_engine, running};
use crate::log::{append, event, few, id};

over_every_engine! { few() =>
    a_follower_sees_everything_from_any_place,
    a_follower_waits_for_a_pending_execution,
    a_follower_at_the_end_ends,
    a_cursor_beyond_the_log_is_a_gap,
    a_follower_that_does_not_read_loses_nothing,
    followers_that_join_at_any_time_see_the_same,
    what_is_sent_again_is_given_once,
}

async fn what_is_sent_again_is_given_once(on: Backends) {
    let (job, claimed) = running(&on).await;
    append(&on, &claimed, &messages(&job, 2..=5)).await;
    let mut follower = follow(on.log.clone(), job.key(), None).await.unwrap();
    for seq in 1..=5 {
        assert_eq!(event(follower.next().await).id, Some(id(1, seq)));
    }
    // It listens now, and half of this is recorded already.
    append(&on, &claimed, &messages(&job, 4..=7)).await;
    for seq in [6, 7] {
        assert_eq!(event(follower.next().await).id, Some(id(1, seq)));
    }
}

async fn a_follower_sees_everything_from_any_place(on: Backends) {
    let (job, claimed) = running(&on).await;
    append(&on, &claimed, &messages(&job, 2..=20)).await;
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    for after in 0..=21 {
        let cursor = (after > 0).then(|| id(1, after));
        let seen = to_end(&on, &job, cursor).await;
        let expected: Vec<u64> = (after + 1..=21).collect();
        assert_eq!(seen, expected, "after {after}");
    }
}

async fn a_follower_waits_for_a_pending_execution(on: Backends) {
    let job = accepted(&on).await;
    let mut follower = follow(on.log.clone(), job.key(), None).await.unwrap();
    let reader = tokio::spawn(async move {
        let mut ids = Vec::new();
        while let Some(followed) = follower.next().await {
            ids.extend(event(Some(followed)).id);
        }
        ids
    });
    let claimed = crate::engines::claimed(&on, &job).await;
    append(&on, &claimed, &messages(&job, 2..=3)).await;
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    let ids = timeout(Duration::from_secs(20), reader)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ids, [id(1, 1), id(1, 2), id(1, 3), id(1, 4)]);
}

async fn a_follower_at_the_end_ends(on: Backends) {
    let (job, claimed) = running(&on).await;
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    let mut follower = follow(on.log.clone(), job.key(), Some(id(1, 2)))
        .await
        .unwrap();
    assert!(
        timeout(Duration::from_secs(10), follower.next())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_cursor_beyond_the_log_is_a_gap(on: Backends) {
    let (job, _claimed) = running(&on).await;
    let mut follower = follow(on.log.clone(), job.key(), Some(id(3, 7)))
        .await
        .unwrap();
    match follower.next().await.unwrap() {
        Followed::Gap {
            requested,
            earliest,
            latest,
        } => {
            assert_eq!(
                (requested, earliest, latest),
                (Some(id(3, 7)), Some(id(1, 1)), Some(id(1, 1)))
            );
        }
        Followed::Event(event) => panic!("{event:?}"),
    }
    assert_eq!(event(follower.next().await).id, Some(id(1, 1)));
}

async fn a_follower_that_does_not_read_loses_nothing(on: Backends) {
    metrics::install(&[metrics::API]);
    let before = doubts();
    let (job, claimed) = running(&on).await;
    let mut follower = follow(on.log.clone(), job.key(), None).await.unwrap();
    assert_eq!(event(follower.next().await).id, Some(id(1, 1)));
    // Twice what a subscriber may have waiting.
    let line = format!(r#"{{"x":"{}"}}"#, "y".repeat(10 << 10));
    for seq in 2..=201 {
        append(
            &on,
            &claimed,
            &[frame::claude_message(job.execution_id, id(1, seq), &line)],
        )
        .await;
    }
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    let mut expected = 2;
    while let Some(followed) = timeout(Duration::from_secs(20), follower.next())
        .await
        .unwrap()
    {
        assert_eq!(event(Some(followed)).id, Some(id(1, expected)));
        expected += 1;
    }
    assert_eq!(expected, 203);
    assert!(doubts() > before, "that it read again is counted");
}

/// How often a follower in this process was told that it may have missed something.
fn doubts() -> u64 {
    let text = metrics::render();
    let series = r#"longshore_splice_rereads_total{reason="doubt"} "#;
    let shown = text.lines().find_map(|line| line.strip_prefix(series));
    shown.map_or(0, |count| count.parse().unwrap())
}

async fn followers_that_join_at_any_time_see_the_same(on: Backends) {
    let (job, claimed) = running(&on).await;
    let mut readers = Vec::new();
    for seq in 2..=400 {
        if seq % 20 == 0 {
            let (on, job) = (on.clone(), job.clone());
            readers.push(tokio::spawn(async move { to_end(&on, &job, None).await }));
        }
        append(&on, &claimed, &[message(&job, 1, seq)]).await;
    }
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    let expected: Vec<u64> = (1..=401).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), expected);
    }
}

/// The sequence numbers that a follower is given until the end.
async fn to_end(on: &Backends, job: &Job, after: Option<EventId>) -> Vec<u64> {
    let mut follower = follow(on.log.clone(), job.key(), after).await.unwrap();
    let mut seqs = Vec::new();
    let read = async {
        while let Some(followed) = follower.next().await {
            seqs.extend(event(Some(followed)).id.map(|id| id.seq));
        }
    };
    timeout(Duration::from_secs(30), read)
        .await
        .expect("the stream ends");
    seqs
}

mod redis_only {
    use super::*;
    use crate::backends::service;
    use crate::engines::on_redis;

    /// Redis ends all subscriptions again and again while events are appended.
    #[tokio::test]
    async fn a_lost_subscription_loses_no_event() {
        on_redis(few(), |on| async move {
            let (job, claimed) = running(&on).await;
            let reader = tokio::spawn({
                let (on, job) = (on.clone(), job.clone());
                async move { to_end(&on, &job, None).await }
            });
            let url = service("LONGSHORE_TEST_REDIS_URL").expect("the test runs on Redis");
            let mut admin = redis::Client::open(url)
                .unwrap()
                .get_multiplexed_async_connection()
                .await
                .unwrap();
            for seq in 2..=300 {
                if seq % 50 == 0 {
                    let _: i64 = redis::cmd("CLIENT")
                        .arg("KILL")
                        .arg("TYPE")
                        .arg("pubsub")
                        .query_async(&mut admin)
                        .await
                        .unwrap();
                }
                append(&on, &claimed, &[message(&job, 1, seq)]).await;
            }
            on.store
                .finish(&claimed.lease, &completed(), None)
                .await
                .unwrap();
            assert_eq!(reader.await.unwrap(), (1..=301).collect::<Vec<u64>>());
        })
        .await;
    }
}
