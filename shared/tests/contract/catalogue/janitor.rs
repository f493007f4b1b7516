//! What crashes leave behind in Redis, and that the janitor puts it right.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{SessionQuery, Tidied, Walk};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::session::SessionStatus;
use longshore_shared::store::Retention;

use super::raw::Raw;
use super::{all_sessions, walk_sessions};
use crate::engines::{accepted, continued, on_redis, running};

/// Rounds until nothing is left to do.
async fn tidy(on: &Backends) {
    let mut walk = Walk::default();
    while on.catalogue.tidy(&mut walk).await.unwrap().changed > 0 {}
}

#[tokio::test]
async fn a_session_that_the_index_was_not_told_of_is_listed_after_all() {
    on_redis(Retention::default(), async |on: Backends| {
        let pending = accepted(&on).await;
        let mut raw = Raw::of(pending.session_id).await;
        raw.delete("{sessions}:*").await;
        assert!(walk_sessions(&on, all_sessions(5)).await.is_empty());
        tidy(&on).await;
        let listed = walk_sessions(&on, all_sessions(5)).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].session_id, pending.session_id);
    })
    .await;
}

#[tokio::test]
async fn a_status_that_the_index_was_not_told_of_is_put_right() {
    on_redis(Retention::default(), async |on: Backends| {
        let (job, _) = running(&on).await;
        let mut raw = Raw::of(job.session_id).await;
        let record = raw.keys(&format!("{{{}}}:session", job.session_id)).await;
        let mut close = redis::cmd("HSET");
        close
            .arg(record)
            .arg(&["closed", "1", "version", "9999999999999"]);
        let () = close.query_async(&mut raw.redis).await.unwrap();
        tidy(&on).await;
        let query = SessionQuery {
            status: Some(SessionStatus::Closed),
            ..all_sessions(5)
        };
        assert_eq!(on.catalogue.sessions(&query).await.unwrap().total, 1);
    })
    .await;
}

#[tokio::test]
async fn entries_that_never_got_a_record_are_removed() {
    let retention = Retention {
        execution: Duration::from_secs(60),
        ..Retention::default()
    };
    on_redis(retention, async |on: Backends| {
        let kept = accepted(&on).await;
        let mut raw = Raw::of(kept.session_id).await;
        let session = SessionId::generate();
        for set in ["executions", "executions:demo"] {
            for i in 0..1_200 {
                // Made in the year 2023.
                let entry = format!("018b0000-0000-7000-8000-{i:012x}/{session}/demo");
                raw.enter(set, 0, &entry).await;
            }
        }
        let pointer = "session-of:018b0000-0000-7000-8000-000000000000";
        raw.set(pointer, &session.to_string()).await;
        tidy(&on).await;
        assert!(raw.keys(pointer).await.is_empty(), "it points to nothing");
        for set in ["executions", "executions:demo"] {
            let mut count = redis::cmd("ZCARD");
            count.arg(format!("{}:{set}", raw.namespace));
            let left: u64 = count.query_async(&mut raw.redis).await.unwrap();
            assert_eq!(left, 1, "{set}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_walkers_one_walks_and_is_quick_only_while_it_is_behind() {
    on_redis(Retention::default(), async |on: Backends| {
        let kept = accepted(&on).await;
        let mut raw = Raw::of(kept.session_id).await;
        for i in 0..501 {
            let session = SessionId::generate();
            let entry = format!("018b0000-0000-7000-8000-{i:012x}/{session}/demo");
            raw.enter("executions", 0, &entry).await;
        }
        let (mut first, mut second) = (Walk::default(), Walk::default());
        let mut steps = Vec::new();
        for _ in 0..3 {
            let step = on.catalogue.tidy(&mut first).await.unwrap();
            steps.push((step.changed, step.is_behind));
            let none = on.catalogue.tidy(&mut second).await.unwrap();
            assert_eq!(none, Tidied::default());
        }
        assert_eq!(steps, [(500, true), (1, false), (0, false)]);
        raw.delete("janitor").await;
        raw.enter(
            "executions",
            0,
            &format!(
                "018b0000-0000-7000-8000-000000000000/{}/demo",
                kept.session_id
            ),
        )
        .await;
        assert_eq!(on.catalogue.tidy(&mut second).await.unwrap().changed, 1);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_wait_is_not_counted_as_pending() {
    on_redis(Retention::default(), async |on: Backends| {
        let (running, _) = running(&on).await;
        continued(&on, &running).await;
        let mut raw = Raw::of(running.session_id).await;
        let never = ExecutionKey {
            session: SessionId::generate(),
            execution: ExecutionId::generate(),
        };
        let long_ago = 1_700_000_000_000;
        raw.enter("pending", long_ago, &running.key().to_string())
            .await;
        raw.enter("pending", long_ago, &never.to_string()).await;
        assert_eq!(on.store.pending().await.unwrap(), 3);
        tidy(&on).await;
        assert_eq!(on.store.pending().await.unwrap(), 1);
    })
    .await;
}
