//! Closing a session, and what it does to the executions of it.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::AcceptError;
use longshore_shared::execution::{CancelReason, ErrorCode, Status};
use longshore_shared::id::SessionId;
use longshore_shared::session::{SessionMode, SessionStatus};
use longshore_shared::store::{Cancelled, Claim, Closed, Reaped, Retention, Verdict};

use crate::engines::{
    LEASE, accepted, claimant, claimed, claimed_for, completed, continued, job, over_every_engine,
    running,
};
use crate::store_recovery::wait_for_lost;

over_every_engine! { Retention::default() =>
    a_closed_session_accepts_nothing,
    what_has_not_ended_is_told_in_order,
    what_has_not_begun_is_not_begun,
    what_runs_may_end,
    what_runs_is_told_though_nobody_cancels_it,
    what_was_lost_is_not_given_back,
    an_end_has_no_next,
    of_a_close_and_many_claims_none_begins_after_it,
}

async fn a_closed_session_accepts_nothing(on: Backends) {
    assert_eq!(
        on.store.close(SessionId::generate()).await.unwrap(),
        Closed::Unknown
    );
    let (first, lease) = running(&on).await;
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    for _ in 0..2 {
        let closed = on.store.close(first.session_id).await.unwrap();
        assert_eq!(closed, Closed::Closed(Vec::new()));
        let session = on.store.session(first.session_id).await.unwrap().unwrap();
        assert_eq!(session.status(), SessionStatus::Closed);
    }
    let late = on
        .store
        .accept(&job(first.session_id), SessionMode::Continue)
        .await;
    assert!(matches!(late, Err(AcceptError::SessionClosed)), "{late:?}");
    let again = on.store.accept(&first, SessionMode::Begin).await;
    assert!(again.is_ok(), "what was accepted stays accepted");
}

async fn what_has_not_ended_is_told_in_order(on: Backends) {
    let (first, _) = running(&on).await;
    let second = continued(&on, &first).await;
    let third = continued(&on, &first).await;
    let alive = Closed::Closed(vec![first.key(), second.key(), third.key()]);
    assert_eq!(on.store.close(first.session_id).await.unwrap(), alive);
    assert_eq!(on.store.close(first.session_id).await.unwrap(), alive);
    on.store
        .cancel(second.key(), CancelReason::SessionClosed)
        .await
        .unwrap();
    let alive = Closed::Closed(vec![first.key(), third.key()]);
    assert_eq!(on.store.close(first.session_id).await.unwrap(), alive);
}

async fn what_has_not_begun_is_not_begun(on: Backends) {
    let first = accepted(&on).await;
    let second = continued(&on, &first).await;
    on.store.close(first.session_id).await.unwrap();
    for waiting in [&second, &first] {
        let claim = on.store.claim(waiting, &claimant(LEASE)).await.unwrap();
        assert!(matches!(claim, Claim::SessionClosed), "{claim:?}");
    }
    // As a worker does that is told so.
    let cancelled = on
        .store
        .cancel(first.key(), CancelReason::SessionClosed)
        .await
        .unwrap();
    assert!(
        matches!(cancelled, Cancelled::AtOnce(None)),
        "what cannot begin need not be published: {cancelled:?}"
    );
    let execution = on.store.execution(first.key()).await.unwrap().unwrap();
    assert_eq!(execution.status, Status::Cancelled);
    assert_eq!(execution.error.unwrap().code, ErrorCode::SessionClosed);
    let claim = on.store.claim(&first, &claimant(LEASE)).await.unwrap();
    assert!(matches!(claim, Claim::Ended), "{claim:?}");
}

async fn what_runs_may_end(on: Backends) {
    let (job, claimed) = running(&on).await;
    on.store.close(job.session_id).await.unwrap();
    let asked = on
        .store
        .cancel(job.key(), CancelReason::SessionClosed)
        .await
        .unwrap();
    assert!(matches!(asked, Cancelled::Asked), "{asked:?}");
    let reason = on.store.renew(&claimed.lease, LEASE).await.unwrap();
    assert_eq!(reason, Some(CancelReason::SessionClosed));
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    let session = on.store.session(job.session_id).await.unwrap().unwrap();
    assert_eq!(session.status(), SessionStatus::Closed);
    assert_eq!(session.active_execution_id, None);
}

async fn what_runs_is_told_though_nobody_cancels_it(on: Backends) {
    let (job, claimed) = running(&on).await;
    assert_eq!(on.store.renew(&claimed.lease, LEASE).await.unwrap(), None);
    on.store.close(job.session_id).await.unwrap();
    let reason = on.store.renew(&claimed.lease, LEASE).await.unwrap();
    assert_eq!(reason, Some(CancelReason::SessionClosed));
    on.store
        .cancel(job.key(), CancelReason::Requested)
        .await
        .unwrap();
    let reason = on.store.renew(&claimed.lease, LEASE).await.unwrap();
    assert_eq!(reason, Some(CancelReason::Requested), "what was asked for");
}

async fn what_was_lost_is_not_given_back(on: Backends) {
    let job = accepted(&on).await;
    claimed_for(&on, &job, Duration::from_millis(50)).await;
    let lost = wait_for_lost(&on).await;
    assert_eq!(lost.cancelled, None);
    on.store.close(job.session_id).await.unwrap();
    let reaping = on.store.reap(&lost, Duration::ZERO, &Verdict::Requeue);
    let reaped = reaping.await.unwrap();
    assert!(matches!(reaped, Reaped::NotLost), "{reaped:?}");
    let lost = wait_for_lost(&on).await;
    assert_eq!(lost.cancelled, Some(CancelReason::SessionClosed));
}

async fn an_end_has_no_next(on: Backends) {
    let (first, claimed) = running(&on).await;
    continued(&on, &first).await;
    on.store.close(first.session_id).await.unwrap();
    for _ in 0..2 {
        let ending = completed();
        let finishing = on.store.finish(&claimed.lease, &ending, None);
        assert!(finishing.await.unwrap().is_none());
    }
}

async fn of_a_close_and_many_claims_none_begins_after_it(on: Backends) {
    for _ in 0..20 {
        let job = accepted(&on).await;
        let claim = {
            let (on, job) = (on.clone(), job.clone());
            tokio::spawn(async move { on.store.claim(&job, &claimant(LEASE)).await.unwrap() })
        };
        let Closed::Closed(alive) = on.store.close(job.session_id).await.unwrap() else {
            panic!("it is there");
        };
        assert_eq!(alive, [job.key()]);
        let cancelled = on
            .store
            .cancel(job.key(), CancelReason::SessionClosed)
            .await
            .unwrap();
        match (claim.await.unwrap(), cancelled) {
            (Claim::Run(claimed), Cancelled::Asked) => {
                let reason = on.store.renew(&claimed.lease, LEASE).await.unwrap();
                assert_eq!(reason, Some(CancelReason::SessionClosed));
            }
            (Claim::SessionClosed | Claim::Ended, Cancelled::AtOnce(None)) => {}
            other => panic!("{other:?}"),
        }
    }
    let job = accepted(&on).await;
    claimed(&on, &job).await;
}
