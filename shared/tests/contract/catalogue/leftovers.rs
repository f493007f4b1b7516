//! What the lists show of records that are lost, past, late or not yet there, before anybody has tidied up.

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{ExecutionQuery, Order, SessionQuery};
use longshore_shared::id::{ExecutionId, SessionId};
use longshore_shared::session::SessionStatus;
use longshore_shared::store::Retention;
use tokio_util::sync::CancellationToken;

use super::raw::Raw;
use super::{accepted_in, all_executions, all_sessions, walk_executions};
use crate::engines::{accepted, claimed, completed, job, on_redis, running};

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
