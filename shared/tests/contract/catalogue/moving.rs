//! Pages of sessions that are used while a client walks through them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{Reach, SessionQuery};
use longshore_shared::execution::CancelReason;
use longshore_shared::job::Job;
use longshore_shared::session::{SessionMode, SessionStatus};
use longshore_shared::store::Retention;

use super::{accepted_in, all_sessions, only, walk_sessions};
use crate::engines::{accepted, claimed, completed, job, over_every_engine};

over_every_engine! { Retention::default() =>
    a_session_that_moves_between_pages_is_listed_once,
    so_it_is_in_several_workspaces,
    walks_hold_everything_while_many_write,
    a_status_keeps_its_pages_while_others_change,
    the_list_agrees_with_the_record_after_a_race,
}

const WORKSPACES: [&str; 3] = ["a", "b", "c"];

async fn touch(on: &Backends, first: &Job) {
    let mut next = job(first.session_id);
    next.workspace_id = first.workspace_id.clone();
    on.store.accept(&next, SessionMode::Continue).await.unwrap();
    on.store
        .cancel(next.key(), CancelReason::Requested)
        .await
        .unwrap();
}

async fn a_session_that_moves_between_pages_is_listed_once(on: Backends) {
    walk_while_they_move(&on, Reach::All).await;
}

async fn so_it_is_in_several_workspaces(on: Backends) {
    walk_while_they_move(&on, only(&WORKSPACES)).await;
}

async fn walk_while_they_move(on: &Backends, reach: Reach) {
    let mut there = Vec::new();
    for i in 0..60 {
        there.push(accepted_in(on, WORKSPACES[i % 3]).await);
    }
    let then: Vec<_> = there.iter().rev().map(|job| job.session_id).collect();
    let mut query = SessionQuery {
        reach,
        ..all_sessions(7)
    };
    let (mut listed, mut pages) = (Vec::new(), 0);
    loop {
        let page = on.catalogue.sessions(&query).await.unwrap();
        listed.extend(page.sessions.iter().map(|shown| shown.session_id));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
        // Some that were shown, some that will be, one of them again and again; and somebody else begins a list.
        for i in [pages, 59 - pages, 30, 31, 31, 5 * pages] {
            touch(on, &there[i]).await;
        }
        pages += 1;
        on.catalogue.sessions(&all_sessions(3)).await.unwrap();
        accepted(on).await;
    }
    assert_eq!(listed, then, "as it was when the first page was read");
}

async fn walks_hold_everything_while_many_write(on: Backends) {
    let mut there = Vec::new();
    for i in 0..40 {
        there.push(accepted_in(&on, WORKSPACES[i % 3]).await);
    }
    let there = Arc::new(there);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|seed| {
            let (on, there, stop) = (on.clone(), Arc::clone(&there), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut random = fastrand::Rng::with_seed(seed);
                while !stop.load(Ordering::Relaxed) {
                    touch(&on, &there[random.usize(0..40)]).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let expected: HashSet<_> = there.iter().map(|job| job.session_id).collect();
    for round in 0..20 {
        let query = SessionQuery {
            reach: if round % 2 == 0 {
                Reach::All
            } else {
                only(&WORKSPACES)
            },
            ..all_sessions(3 + round % 5)
        };
        let listed = walk_sessions(&on, query).await;
        let once: HashSet<_> = listed.iter().map(|shown| shown.session_id).collect();
        assert_eq!(listed.len(), once.len(), "none comes twice");
        assert_eq!(once, expected, "none is missing");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn a_status_keeps_its_pages_while_others_change(on: Backends) {
    let mut there = Vec::new();
    for _ in 0..30 {
        there.push(accepted(&on).await);
    }
    let mut query = SessionQuery {
        status: Some(SessionStatus::Active),
        ..all_sessions(4)
    };
    let mut listed = HashSet::new();
    let mut ended = HashSet::new();
    loop {
        let page = on.catalogue.sessions(&query).await.unwrap();
        for shown in page.sessions {
            assert_eq!(shown.status(), SessionStatus::Active);
            assert!(listed.insert(shown.session_id), "it comes twice");
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
        touch(&on, &there[3]).await;
        let job = &there[29 - ended.len()];
        let lease = claimed(&on, job).await;
        on.store
            .finish(&lease.lease, &completed(), None)
            .await
            .unwrap();
        ended.insert(job.session_id);
    }
    let still = there.iter().map(|job| job.session_id);
    for session in still.filter(|session| !ended.contains(session)) {
        assert!(
            listed.contains(&session),
            "one that stayed active is missing"
        );
    }
}

async fn the_list_agrees_with_the_record_after_a_race(on: Backends) {
    let first = accepted(&on).await;
    for round in 0..30 {
        let touches = (0..6).map(|_| {
            let (on, first) = (on.clone(), first.clone());
            tokio::spawn(async move { touch(&on, &first).await })
        });
        for touched in touches.collect::<Vec<_>>() {
            touched.await.unwrap();
        }
        if round == 15 {
            on.store
                .cancel(first.key(), CancelReason::Requested)
                .await
                .unwrap();
        }
        let wanted = if round < 15 {
            SessionStatus::Active
        } else {
            SessionStatus::Idle
        };
        for status in SessionStatus::ALL {
            let query = SessionQuery {
                status: Some(status),
                ..all_sessions(4)
            };
            let page = on.catalogue.sessions(&query).await.unwrap();
            assert_eq!(page.total, u64::from(status == wanted), "{status}");
        }
    }
}
