//! What is past its retention is not listed, not counted, and not there.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{Order, Walk};
use longshore_shared::error::AcceptError;
use longshore_shared::session::SessionMode;
use longshore_shared::store::{Closed, Retention};
use tokio::time::{sleep, timeout};

use super::{accepted_in, all_executions, all_sessions, walk_executions, walk_sessions};
use crate::engines::{accepted, completed, continued, job, over_every_engine, running};

over_every_engine! { short() =>
    executions_and_sessions_that_rest_are_forgotten,
    a_session_is_kept_since_its_last_activity,
    a_closed_session_is_forgotten_too,
    the_janitor_forgets_what_nobody_reads,
}

fn short() -> Retention {
    Retention {
        execution: Duration::from_secs(1),
        // Far enough apart that the one is seen without the other on a slow machine.
        session: Duration::from_secs(4),
        max_events: 100,
    }
}

/// Waits for something to come true.
async fn until(mut is: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), looking).await.unwrap();
}

async fn executions_and_sessions_that_rest_are_forgotten(on: Backends) {
    let alive = accepted_in(&on, "other").await;
    let mut ended = Vec::new();
    for _ in 0..300 {
        let (job, lease) = running(&on).await;
        on.store
            .finish(&lease.lease, &completed(), None)
            .await
            .unwrap();
        ended.push(job);
    }
    until(async || {
        on.store
            .session(ended[299].session_id)
            .await
            .unwrap()
            .is_none()
    })
    .await;
    // Nothing is written any more: reading alone must find out.
    until(async || on.catalogue.sessions(&all_sessions(5)).await.unwrap().total == 1).await;
    let page = on.catalogue.sessions(&all_sessions(5)).await.unwrap();
    assert_eq!(page.sessions[0].session_id, alive.session_id);
    assert_eq!(page.next, None);
    let listed = walk_executions(&on, all_executions(50)).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].execution_id, alive.execution_id);
    for job in &ended {
        assert!(on.store.execution(job.key()).await.unwrap().is_none());
        assert_eq!(on.store.locate(job.execution_id).await.unwrap(), None);
    }
    let gone = on.store.close(ended[0].session_id).await.unwrap();
    assert_eq!(gone, Closed::Unknown);
    let late = on
        .store
        .accept(&job(ended[0].session_id), SessionMode::Continue)
        .await;
    assert!(
        matches!(late, Err(AcceptError::SessionNotFound)),
        "{late:?}"
    );
}

async fn a_session_is_kept_since_its_last_activity(on: Backends) {
    let (first, lease) = running(&on).await;
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    let session = first.session_id;
    until(async || on.store.execution(first.key()).await.unwrap().is_none()).await;
    let numbered = on
        .catalogue
        .of_session(session, None, Order::Ascending, 5)
        .await
        .unwrap();
    assert!(numbered.is_empty(), "its execution is gone");
    let second = continued(&on, &first).await;
    // Long enough for the session to go, were it not for what lives of it.
    let other = accepted(&on).await;
    let lease = crate::engines::claimed(&on, &other).await;
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    until(async || on.store.session(other.session_id).await.unwrap().is_none()).await;
    let listed = walk_sessions(&on, all_sessions(5)).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].active_execution_id, Some(second.execution_id));
    let numbered = on
        .catalogue
        .of_session(session, None, Order::Ascending, 5)
        .await
        .unwrap();
    assert_eq!(numbered, [(2, second.key())]);
}

async fn a_closed_session_is_forgotten_too(on: Backends) {
    let (job, lease) = running(&on).await;
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    on.store.close(job.session_id).await.unwrap();
    // Closing again and again does not keep it.
    until(async || on.store.close(job.session_id).await.unwrap() == Closed::Unknown).await;
    until(async || on.catalogue.sessions(&all_sessions(5)).await.unwrap().total == 0).await;
}

async fn the_janitor_forgets_what_nobody_reads(on: Backends) {
    let alive = accepted(&on).await;
    let (job, lease) = running(&on).await;
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    until(async || on.store.session(job.session_id).await.unwrap().is_none()).await;
    let mut walk = Walk::default();
    until(async || on.catalogue.tidy(&mut walk).await.unwrap().changed == 0).await;
    assert_eq!(
        on.catalogue.sessions(&all_sessions(5)).await.unwrap().total,
        1
    );
    let listed = walk_executions(&on, all_executions(5)).await;
    assert_eq!(listed.len(), 1, "{:?}", alive.execution_id);
}
