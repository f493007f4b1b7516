//! The executions of one session.

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{ExecutionQuery, Order};
use longshore_shared::execution::{CancelReason, Status};
use longshore_shared::id::SessionId;
use longshore_shared::store::Retention;

use super::{accepted_in, all_executions, only, walk_executions};
use crate::engines::{accepted, continued, over_every_engine};

over_every_engine! { Retention::default() =>
    they_are_numbered_in_the_order_accepted,
    they_are_listed_the_newest_first,
}

async fn they_are_numbered_in_the_order_accepted(on: Backends) {
    let first = accepted(&on).await;
    let mut keys = vec![first.key()];
    for _ in 0..9 {
        keys.push(continued(&on, &first).await.key());
    }
    let numbered: Vec<_> = (1..).zip(keys).collect();
    let (session, catalogue) = (first.session_id, &on.catalogue);
    let all = catalogue
        .of_session(session, None, Order::Ascending, 100)
        .await
        .unwrap();
    assert_eq!(all, numbered);
    let mut back = catalogue
        .of_session(session, None, Order::Descending, 100)
        .await
        .unwrap();
    back.reverse();
    assert_eq!(back, numbered);
    for (order, after, numbers) in [
        (Order::Ascending, None, [1, 2, 3]),
        (Order::Ascending, Some(4), [5, 6, 7]),
        (Order::Descending, None, [10, 9, 8]),
        (Order::Descending, Some(4), [3, 2, 1]),
    ] {
        let part = catalogue
            .of_session(session, after, order, 3)
            .await
            .unwrap();
        let found: Vec<_> = part.iter().map(|(number, _)| *number).collect();
        assert_eq!(found, numbers, "{order:?} {after:?}");
    }
    let unknown = SessionId::generate();
    let none = catalogue
        .of_session(unknown, None, Order::Ascending, 3)
        .await
        .unwrap();
    assert!(none.is_empty());
}

async fn they_are_listed_the_newest_first(on: Backends) {
    let first = accepted_in(&on, "mine").await;
    let mut there = vec![first.execution_id];
    for _ in 0..20 {
        let mut next = crate::engines::job(first.session_id);
        next.workspace_id = first.workspace_id.clone();
        let mode = longshore_shared::session::SessionMode::Continue;
        on.store.accept(&next, mode).await.unwrap();
        there.push(next.execution_id);
    }
    there.reverse();
    on.store
        .cancel(first.key(), CancelReason::Requested)
        .await
        .unwrap();
    accepted_in(&on, "mine").await;
    let query = ExecutionQuery {
        session: Some(first.session_id),
        ..all_executions(4)
    };
    let mine = ExecutionQuery {
        reach: only(&["other", "mine"]),
        ..query.clone()
    };
    for query in [&query, &mine] {
        let listed = walk_executions(&on, query.clone()).await;
        let listed: Vec<_> = listed.iter().map(|shown| shown.execution_id).collect();
        assert_eq!(listed, there);
    }
    let cancelled = ExecutionQuery {
        status: Some(Status::Cancelled),
        ..query.clone()
    };
    let listed = walk_executions(&on, cancelled).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].execution_id, first.execution_id);
    let foreign = ExecutionQuery {
        reach: only(&["other"]),
        ..query
    };
    assert!(walk_executions(&on, foreign).await.is_empty());
}
