//! What crashes leave behind in Redis, and what becomes of it.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{ExecutionQuery, Order, SessionQuery, Tidied, Walk};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::session::SessionStatus;
use longshore_shared::store::Retention;
use redis::aio::MultiplexedConnection;
use tokio_util::sync::CancellationToken;

use super::{accepted_in, all_executions, all_sessions, walk_executions, walk_sessions};
use crate::backends::service;
use crate::engines::{accepted, claimed, completed, continued, job, on_redis, running};

/// The database itself, past the code under test.
struct Raw {
    redis: MultiplexedConnection,
    namespace: String,
}

impl Raw {
    /// Finds the namespace by a session that is only there.
    async fn of(session: SessionId) -> Self {
        let url = service("LONGSHORE_TEST_REDIS_URL").unwrap();
        let client = redis::Client::open(url).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(format!("*:{{{session}}}:session"))
            .query_async(&mut redis)
            .await
            .unwrap();
        let namespace = keys[0].split(':').next().unwrap().to_owned();
        Self { redis, namespace }
    }

    async fn keys(&mut self, pattern: &str) -> Vec<String> {
        let pattern = format!("{}:{pattern}", self.namespace);
        let mut keys = redis::cmd("KEYS");
        keys.arg(pattern)
            .query_async(&mut self.redis)
            .await
            .unwrap()
    }

    async fn delete(&mut self, pattern: &str) {
        let keys = self.keys(pattern).await;
        assert!(!keys.is_empty(), "{pattern}");
        let () = redis::cmd("DEL")
            .arg(keys)
            .query_async(&mut self.redis)
            .await
            .unwrap();
    }

    async fn set(&mut self, key: &str, value: &str) {
        let mut set = redis::cmd("SET");
        set.arg(format!("{}:{key}", self.namespace)).arg(value);
        let () = set.query_async(&mut self.redis).await.unwrap();
    }

    async fn enter(&mut self, set: &str, score: u64, member: &str) {
        let set = format!("{}:{set}", self.namespace);
        let mut enter = redis::cmd("ZADD");
        enter.arg(set).arg(score).arg(member);
        let () = enter.query_async(&mut self.redis).await.unwrap();
    }
}

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
async fn what_comes_late_changes_nothing_in_the_index() {
    on_redis(Retention::default(), async |on: Backends| {
        let (job, lease) = running(&on).await;
        let mut raw = Raw::of(job.session_id).await;
        let index = raw.keys("{sessions}:known").await;
        let mut read = redis::cmd("HGET");
        read.arg(&index).arg(job.session_id.to_string());
        let known: String = read.query_async(&mut raw.redis).await.unwrap();
        let (_, rest) = known.split_once(' ').unwrap();
        let mut write = redis::cmd("HSET");
        write.arg(&index).arg(job.session_id.to_string());
        write.arg(format!("9999999999999 {rest}"));
        let () = write.query_async(&mut raw.redis).await.unwrap();
        on.store
            .finish(&lease.lease, &completed(), None)
            .await
            .unwrap();
        for (status, total) in [(SessionStatus::Active, 1), (SessionStatus::Idle, 0)] {
            let query = SessionQuery {
                status: Some(status),
                ..all_sessions(5)
            };
            let page = on.catalogue.sessions(&query).await.unwrap();
            assert_eq!(page.total, total, "the index knows of something newer");
            assert!(page.sessions.is_empty(), "what is shown is the record's");
        }
    })
    .await;
}

#[tokio::test]
async fn what_lost_its_record_is_neither_listed_nor_counted() {
    on_redis(Retention::default(), async |on: Backends| {
        let kept = accepted_in(&on, "kept").await;
        let lost = accepted_in(&on, "lost").await;
        let newest = accepted_in(&on, "kept").await;
        let mut raw = Raw::of(kept.session_id).await;
        raw.delete(&format!("{{{}}}:*", lost.session_id)).await;
        raw.delete(&format!("{{{}}}:*", kept.session_id)).await;
        let listed = walk_executions(&on, all_executions(5)).await;
        assert_eq!(listed.len(), 1);
        let page = on.catalogue.sessions(&all_sessions(1)).await.unwrap();
        assert_eq!((page.sessions.len(), page.total), (1, 1));
        assert_eq!(page.sessions[0].session_id, newest.session_id);
        assert_eq!(page.next, None, "nothing follows that is still there");
    })
    .await;
}

#[tokio::test]
async fn one_look_at_a_session_passes_over_a_bounded_number_of_expired_executions() {
    on_redis(Retention::default(), async |on: Backends| {
        let kept = accepted(&on).await;
        let session = kept.session_id;
        let mut raw = Raw::of(session).await;
        let set = format!("{{{session}}}:executions");
        for number in 2..5_000 {
            raw.enter(&set, number, &ExecutionId::generate().to_string())
                .await;
        }
        let (mut after, mut looks, mut found) = (None, 0, Vec::new());
        loop {
            let looking = on
                .catalogue
                .of_session(session, after, Order::Descending, 10);
            let page = looking.await.unwrap();
            looks += 1;
            found.extend(page.iter().map(|(_, key)| *key));
            after = page.last().map(|(number, _)| *number);
            if page.len() < 10 {
                break;
            }
        }
        assert!((4..20).contains(&looks), "{looks}");
        assert_eq!(found.last(), Some(&kept.key()));
        let query = ExecutionQuery {
            session: Some(session),
            ..all_executions(5)
        };
        assert_eq!(walk_executions(&on, query).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_begins_does_not_look_at_what_is_past() {
    on_redis(Retention::default(), async |on: Backends| {
        let job = accepted(&on).await;
        let mut raw = Raw::of(job.session_id).await;
        let session = job.session_id;
        raw.enter("{sessions}:active:*", 1_000, &session.to_string())
            .await;
        let mut past = redis::cmd("ZADD");
        past.arg(format!("{}:{{sessions}}:past:*", raw.namespace));
        for position in 2_000..45_000 {
            past.arg(position);
            past.arg(format!("{session} idle {} demo", position + 1));
        }
        let () = past.query_async(&mut raw.redis).await.unwrap();
        let page = on.catalogue.sessions(&all_sessions(5)).await.unwrap();
        assert_eq!(page.sessions.len(), 1, "however much is past");
        assert_eq!(page.next, None);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_recorded_while_a_list_is_read_is_listed_however_old_it_is() {
    on_redis(Retention::default(), async |on: Backends| {
        for round in 0..20 {
            let mut old = job(SessionId::generate());
            let id = format!("018b0000-0000-7000-8000-{round:012x}");
            old.execution_id = id.parse().unwrap();
            // Writing this record takes long, so that readers find its entry without it.
            old.request.prompt = "x".repeat(2 << 20);
            let recorded = CancellationToken::new();
            let readers: Vec<_> = (0..4)
                .map(|_| {
                    let (on, recorded) = (on.clone(), recorded.clone());
                    tokio::spawn(async move {
                        while !recorded.is_cancelled() {
                            walk_executions(&on, all_executions(200)).await;
                        }
                    })
                })
                .collect();
            claimed(&on, &old).await;
            recorded.cancel();
            for reader in readers {
                reader.await.unwrap();
            }
            let listed = walk_executions(&on, all_executions(200)).await;
            assert_eq!(listed.len(), round + 1);
            let located = on.store.locate(old.execution_id).await.unwrap();
            assert_eq!(located, Some(old.key()));
        }
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
