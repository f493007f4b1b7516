//! Pages of executions.

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{ExecutionQuery, Reach};
use longshore_shared::error::{AcceptError, ListError};
use longshore_shared::execution::{CancelReason, Execution, Status};
use longshore_shared::id::{ExecutionId, SessionId};
use longshore_shared::session::SessionMode;
use longshore_shared::store::Retention;

use super::{accepted_in, all_executions, only, walk_executions};
use crate::engines::{accepted, claimed, completed, continued, job, over_every_engine, running};

over_every_engine! { Retention::default() =>
    pages_hold_everything_once_while_more_comes,
    the_last_page_says_so,
    a_reach_bounds_the_list,
    a_status_is_what_is_shown,
    a_page_is_bounded_in_bytes,
    what_was_refused_is_not_listed,
    a_cursor_serves_the_list_it_came_from,
    what_was_recorded_again_is_listed,
}

fn ids(executions: &[Execution]) -> Vec<ExecutionId> {
    executions.iter().map(|shown| shown.execution_id).collect()
}

async fn pages_hold_everything_once_while_more_comes(on: Backends) {
    let mut there = Vec::new();
    for _ in 0..500 {
        there.push(accepted(&on).await.execution_id);
    }
    there.reverse();
    let mut query = all_executions(37);
    let mut listed = Vec::new();
    loop {
        let page = on.catalogue.executions(&query).await.unwrap();
        listed.extend(ids(&page.executions));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
        assert_eq!(
            page.executions.len(),
            37,
            "a page is full while there is more"
        );
        let (_, lease) = running(&on).await;
        on.store
            .finish(&lease.lease, &completed(), None)
            .await
            .unwrap();
        accepted(&on).await;
    }
    assert_eq!(listed, there);
    assert_eq!(walk_executions(&on, all_executions(200)).await.len(), 526);
}

async fn the_last_page_says_so(on: Backends) {
    for _ in 0..200 {
        accepted(&on).await;
    }
    for limit in [200, 100, 50] {
        let mut query = all_executions(limit);
        for page in 1..=200 / limit {
            query.after = on.catalogue.executions(&query).await.unwrap().next;
            assert_eq!(query.after.is_none(), page == 200 / limit, "{limit}");
        }
    }
}

async fn a_reach_bounds_the_list(on: Backends) {
    let mut there = Vec::new();
    for i in 0..90 {
        let workspace = ["a", "b", "c"][i % 3];
        there.push((accepted_in(&on, workspace).await.execution_id, workspace));
    }
    there.reverse();
    for workspaces in [
        &["a"][..],
        &["c", "a"],
        &["b", "b", "nothing"],
        &["a", "b", "c"],
    ] {
        let query = ExecutionQuery {
            reach: only(workspaces),
            ..all_executions(7)
        };
        let mine = there.iter().filter(|(_, of)| workspaces.contains(of));
        let mine: Vec<_> = mine.map(|(id, _)| *id).collect();
        assert_eq!(
            ids(&walk_executions(&on, query).await),
            mine,
            "{workspaces:?}"
        );
    }
    let none = ExecutionQuery {
        reach: Reach::Only(Vec::new()),
        ..all_executions(7)
    };
    assert!(walk_executions(&on, none).await.is_empty());
}

async fn a_status_is_what_is_shown(on: Backends) {
    for i in 0..60 {
        let job = accepted(&on).await;
        if i % 3 > 0 {
            let lease = claimed(&on, &job).await;
            if i % 3 > 1 {
                on.store
                    .finish(&lease.lease, &completed(), None)
                    .await
                    .unwrap();
            }
        }
    }
    for status in Status::ALL {
        let query = ExecutionQuery {
            status: Some(status),
            ..all_executions(9)
        };
        let listed = walk_executions(&on, query).await;
        assert!(listed.iter().all(|shown| shown.status == status));
        let there = match status {
            Status::Pending | Status::Running | Status::Completed => 20,
            Status::Failed | Status::Cancelled => 0,
        };
        assert_eq!(listed.len(), there, "{status}");
    }
}

async fn a_page_is_bounded_in_bytes(on: Backends) {
    let mut ending = completed();
    let text = "x".repeat(3 << 20);
    ending.result = serde_json::from_str(&format!(r#"{{"text":"{text}"}}"#)).unwrap();
    for _ in 0..5 {
        let (_, lease) = running(&on).await;
        on.store.finish(&lease.lease, &ending, None).await.unwrap();
    }
    let page = on.catalogue.executions(&all_executions(50)).await.unwrap();
    assert_eq!(page.executions.len(), 2, "three would be more than 8 MiB");
    assert_eq!(walk_executions(&on, all_executions(50)).await.len(), 5);
}

async fn what_was_refused_is_not_listed(on: Backends) {
    let unknown = job(SessionId::generate());
    let refused = on.store.accept(&unknown, SessionMode::Continue).await;
    assert!(matches!(refused, Err(AcceptError::SessionNotFound)));
    assert!(walk_executions(&on, all_executions(50)).await.is_empty());
    assert_eq!(on.store.pending().await.unwrap(), 0);
}

async fn a_cursor_serves_the_list_it_came_from(on: Backends) {
    let first = accepted(&on).await;
    continued(&on, &first).await;
    let mut everything = all_executions(1);
    let mut of_session = ExecutionQuery {
        session: Some(first.session_id),
        ..all_executions(1)
    };
    everything.after = on.catalogue.executions(&of_session).await.unwrap().next;
    assert!(everything.after.is_some());
    let refused = on.catalogue.executions(&everything).await;
    assert!(
        matches!(refused, Err(ListError::InvalidCursor)),
        "{refused:?}"
    );
    everything.after = None;
    of_session.after = on.catalogue.executions(&everything).await.unwrap().next;
    assert!(of_session.after.is_some());
    let refused = on.catalogue.executions(&of_session).await;
    assert!(
        matches!(refused, Err(ListError::InvalidCursor)),
        "{refused:?}"
    );
}

async fn what_was_recorded_again_is_listed(on: Backends) {
    let lost = job(SessionId::generate());
    claimed(&on, &lost).await;
    on.store
        .cancel(lost.key(), CancelReason::Requested)
        .await
        .unwrap();
    let listed = walk_executions(&on, all_executions(50)).await;
    assert_eq!(ids(&listed), [lost.execution_id]);
    let page = on
        .catalogue
        .sessions(&super::all_sessions(5))
        .await
        .unwrap();
    assert_eq!((page.sessions.len(), page.total), (1, 1));
}
