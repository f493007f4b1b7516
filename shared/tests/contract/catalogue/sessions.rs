//! Pages of sessions that stand still.

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{Reach, SessionCursor, SessionPage, SessionQuery};
use longshore_shared::error::ListError;
use longshore_shared::id::SessionId;
use longshore_shared::session::{Session, SessionStatus};
use longshore_shared::store::{Retention, Withdrawn};
use longshore_shared::timestamp::Timestamp;

use super::{accepted_in, all_sessions, only, walk_sessions};
use crate::engines::{accepted, completed, continued, over_every_engine, running};

over_every_engine! { Retention::default() =>
    the_newest_activity_comes_first,
    a_reach_bounds_the_list,
    many_sessions_are_all_listed,
    a_status_is_what_is_shown,
    forged_cursors_are_refused,
}

fn ids(sessions: &[Session]) -> Vec<SessionId> {
    sessions.iter().map(|shown| shown.session_id).collect()
}

async fn first_page(on: &Backends, query: &SessionQuery) -> SessionPage {
    on.catalogue.sessions(query).await.unwrap()
}

async fn the_newest_activity_comes_first(on: Backends) {
    let (first, lease) = running(&on).await;
    let second = accepted(&on).await;
    let third = accepted(&on).await;
    let order = async || ids(&walk_sessions(&on, all_sessions(2)).await);
    let [first_id, second_id, third_id] = [&first, &second, &third].map(|job| job.session_id);
    assert_eq!(order().await, [third_id, second_id, first_id]);
    continued(&on, &second).await;
    assert_eq!(order().await, [second_id, third_id, first_id]);
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    assert_eq!(order().await, [first_id, second_id, third_id]);
    on.store.close(third_id).await.unwrap();
    assert_eq!(order().await, [third_id, first_id, second_id]);
    on.store.close(third_id).await.unwrap();
    on.store.close(first_id).await.unwrap();
    assert_eq!(order().await, [first_id, third_id, second_id]);
    let ending = longshore_shared::execution::Ending::failed(
        longshore_shared::execution::ExecutionError::new(
            longshore_shared::execution::ErrorCode::InternalError,
            "not queued",
        ),
    );
    let withdrawn = on.store.withdraw(second.key(), &ending).await.unwrap();
    assert!(
        matches!(withdrawn, Withdrawn::Ended(Some(_))),
        "{withdrawn:?}"
    );
    assert_eq!(order().await, [second_id, first_id, third_id]);
}

async fn a_reach_bounds_the_list(on: Backends) {
    let mut there = Vec::new();
    for i in 0..60 {
        let workspace = ["a", "b", "c"][i % 3];
        there.push((accepted_in(&on, workspace).await.session_id, workspace));
    }
    there.reverse();
    for workspaces in [
        &["a"][..],
        &["c", "a"],
        &["b", "b", "nothing"],
        &["a", "b", "c"],
    ] {
        let query = SessionQuery {
            reach: only(workspaces),
            ..all_sessions(7)
        };
        let mine = there.iter().filter(|(_, of)| workspaces.contains(of));
        let mine: Vec<_> = mine.map(|(id, _)| *id).collect();
        assert_eq!(first_page(&on, &query).await.total, mine.len() as u64);
        assert_eq!(
            ids(&walk_sessions(&on, query).await),
            mine,
            "{workspaces:?}"
        );
    }
    let none = SessionQuery {
        reach: Reach::Only(Vec::new()),
        ..all_sessions(7)
    };
    let page = first_page(&on, &none).await;
    assert!(page.sessions.is_empty() && page.total == 0 && page.next.is_none());
}

async fn many_sessions_are_all_listed(on: Backends) {
    let mut there = Vec::new();
    for i in 0..500 {
        let job = accepted_in(&on, &format!("w{}", i % 40)).await;
        there.push(job.session_id);
    }
    there.reverse();
    let names: Vec<_> = (0..40).map(|i| format!("w{i}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for (reach, limit) in [(Reach::All, 50), (Reach::All, 200), (only(&names), 33)] {
        let query = SessionQuery {
            reach,
            ..all_sessions(limit)
        };
        assert_eq!(first_page(&on, &query).await.total, 500);
        assert_eq!(ids(&walk_sessions(&on, query).await), there);
    }
}

async fn a_status_is_what_is_shown(on: Backends) {
    let (active, _) = running(&on).await;
    let (idle, lease) = running(&on).await;
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    let closed = accepted(&on).await;
    on.store.close(closed.session_id).await.unwrap();
    for (status, job) in [
        (SessionStatus::Active, &active),
        (SessionStatus::Idle, &idle),
        (SessionStatus::Closed, &closed),
    ] {
        let query = SessionQuery {
            status: Some(status),
            ..all_sessions(5)
        };
        let page = first_page(&on, &query).await;
        assert_eq!(ids(&page.sessions), [job.session_id], "{status}");
        assert_eq!(page.sessions[0].status(), status);
        assert_eq!((page.total, page.next), (1, None));
    }
    assert_eq!(first_page(&on, &all_sessions(5)).await.total, 3);
}

async fn forged_cursors_are_refused(on: Backends) {
    for _ in 0..3 {
        accepted(&on).await;
    }
    let page = first_page(&on, &all_sessions(1)).await;
    assert!(page.next.is_some());
    let now = u64::try_from(Timestamp::now().0).unwrap();
    let hours = 3_600_000;
    for (moment, below) in [
        (now + hours, now),
        (now - 2 * hours, now - 3 * hours),
        (1, 1),
    ] {
        let query = SessionQuery {
            after: Some(cursor(moment, below)),
            ..all_sessions(1)
        };
        let refused = on.catalogue.sessions(&query).await;
        assert!(
            matches!(refused, Err(ListError::InvalidCursor)),
            "{refused:?}"
        );
    }
}

/// A cursor that somebody makes up who knows how they are written.
fn cursor(moment: u64, below: u64) -> SessionCursor {
    use base64::Engine as _;
    let bytes = [
        b"s\x01",
        moment.to_be_bytes().as_slice(),
        &below.to_be_bytes(),
    ]
    .concat();
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    text.parse().unwrap()
}
