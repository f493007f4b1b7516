//! How many executions wait for a worker.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::execution::{CancelReason, Ending, ErrorCode, ExecutionError};
use longshore_shared::id::SessionId;
use longshore_shared::session::SessionMode;
use longshore_shared::store::{Claim, Retention, Verdict};

use crate::engines::{
    LEASE, accepted, claimant, claimed, claimed_for, completed, continued, job, over_every_engine,
};
use crate::store_recovery::wait_for_lost;

over_every_engine! { Retention::default() =>
    what_waits_is_counted,
    what_is_given_back_waits_again,
    accepting_again_changes_nothing,
    what_is_recorded_again_waits,
    what_has_waited_for_long_is_answered_once,
}

async fn what_waits_is_counted(on: Backends) {
    let pending = async || on.store.pending().await.unwrap();
    assert_eq!(pending().await, 0);
    let first = accepted(&on).await;
    let second = continued(&on, &first).await;
    let third = continued(&on, &first).await;
    on.store.dispatched(first.key()).await.unwrap();
    assert_eq!(pending().await, 3);
    let lease = claimed(&on, &first).await;
    assert_eq!(pending().await, 2);
    let busy = on.store.claim(&second, &claimant(LEASE)).await.unwrap();
    assert!(matches!(busy, Claim::SessionBusy), "{busy:?}");
    assert_eq!(pending().await, 2, "a parked one waits");
    on.store
        .cancel(third.key(), CancelReason::Requested)
        .await
        .unwrap();
    assert_eq!(pending().await, 1);
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    assert_eq!(pending().await, 1);
    let ending = Ending::failed(ExecutionError::new(ErrorCode::InternalError, "not queued"));
    on.store.withdraw(second.key(), &ending).await.unwrap();
    assert_eq!(pending().await, 0);
}

async fn what_is_given_back_waits_again(on: Backends) {
    let job = accepted(&on).await;
    claimed_for(&on, &job, Duration::from_millis(50)).await;
    let lost = wait_for_lost(&on).await;
    assert_eq!(on.store.pending().await.unwrap(), 0);
    for _ in 0..2 {
        on.store
            .reap(&lost, Duration::ZERO, &Verdict::Requeue)
            .await
            .unwrap();
        assert_eq!(on.store.pending().await.unwrap(), 1);
    }
    let lease = claimed(&on, &job).await;
    assert_eq!(on.store.pending().await.unwrap(), 0);
    on.store
        .reap(&lost, Duration::ZERO, &Verdict::Requeue)
        .await
        .unwrap();
    assert_eq!(on.store.pending().await.unwrap(), 0, "it was not lost");
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    on.store
        .reap(&lost, Duration::ZERO, &Verdict::Requeue)
        .await
        .unwrap();
    assert_eq!(on.store.pending().await.unwrap(), 0, "it has ended");
}

async fn accepting_again_changes_nothing(on: Backends) {
    let job = accepted(&on).await;
    on.store.accept(&job, SessionMode::Begin).await.unwrap();
    assert_eq!(on.store.pending().await.unwrap(), 1);
    let lease = claimed(&on, &job).await;
    on.store.accept(&job, SessionMode::Begin).await.unwrap();
    assert_eq!(on.store.pending().await.unwrap(), 0);
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    on.store.accept(&job, SessionMode::Begin).await.unwrap();
    assert_eq!(on.store.pending().await.unwrap(), 0);
}

async fn what_is_recorded_again_waits(on: Backends) {
    let session = SessionId::generate();
    let (first, second) = (job(session), job(session));
    claimed(&on, &first).await;
    assert_eq!(on.store.pending().await.unwrap(), 0);
    let busy = on.store.claim(&second, &claimant(LEASE)).await.unwrap();
    assert!(matches!(busy, Claim::SessionBusy), "{busy:?}");
    assert_eq!(on.store.pending().await.unwrap(), 1);
}

async fn what_has_waited_for_long_is_answered_once(on: Backends) {
    let (first, running) = (accepted(&on).await, accepted(&on).await);
    let behind = continued(&on, &first).await;
    claimed(&on, &running).await;
    let long = Duration::from_secs(60);
    assert!(on.store.overdue(long, 10).await.unwrap().is_empty());
    let overdue = on.store.overdue(Duration::ZERO, 10).await.unwrap();
    let ids: Vec<_> = overdue.iter().map(|job| job.execution_id).collect();
    assert_eq!(ids, [first.execution_id], "{behind:?} is not the next");
    assert_eq!(overdue[0].request.prompt, first.request.prompt);
    let soon = Duration::from_millis(500);
    assert!(on.store.overdue(soon, 10).await.unwrap().is_empty());
    assert_eq!(on.store.pending().await.unwrap(), 2, "they wait on");
}
