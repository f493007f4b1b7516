//! How an execution ends, once: finished, cancelled or withdrawn.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::LeaseError;
use longshore_shared::execution::{CancelReason, Ending, ErrorCode, ExecutionError, Status};
use longshore_shared::store::{Cancelled, Claim, Retention, Withdrawn};
use tokio::time::timeout;

use crate::engines::{LEASE, accepted, claimant, completed, over_every_engine, running};

over_every_engine! { Retention::default() =>
    finish_ends_for_ever,
    finish_needs_the_lease,
    a_pending_execution_is_cancelled_at_once,
    a_running_execution_is_asked_to_end,
    withdraw_ends_only_what_nobody_runs,
}

async fn finish_ends_for_ever(on: Backends) {
    let (job, claimed) = running(&on).await;
    on.store
        .finish(&claimed.lease, &completed(), None)
        .await
        .unwrap();
    let execution = on.store.execution(job.key()).await.unwrap().unwrap();
    assert_eq!(execution.status, Status::Completed);
    assert_eq!(execution.result.unwrap().get(), r#"{"text":"done"}"#);
    assert!(execution.ended_at >= execution.started_at);

    let failed = Ending::failed(ExecutionError::new(ErrorCode::InternalError, "late"));
    on.store
        .finish(&claimed.lease, &failed, None)
        .await
        .expect("the same worker's repetition is answered as before");
    let cancelled = on
        .store
        .cancel(job.key(), CancelReason::Requested)
        .await
        .unwrap();
    assert!(
        matches!(cancelled, Cancelled::AlreadyEnded),
        "{cancelled:?}"
    );
    let withdrawn = on.store.withdraw(job.key(), &failed).await.unwrap();
    assert!(matches!(withdrawn, Withdrawn::Taken), "{withdrawn:?}");
    let claim = on.store.claim(&job, &claimant(LEASE)).await.unwrap();
    assert!(matches!(claim, Claim::Ended), "{claim:?}");
    assert!(matches!(
        on.store.renew(&claimed.lease, LEASE).await,
        Err(LeaseError::Lost)
    ));

    assert_eq!(
        on.store.execution(job.key()).await.unwrap().unwrap().status,
        Status::Completed
    );
    let page = on.log.read(job.key(), None, 100).await.unwrap();
    assert_eq!(page.events.len(), 2, "one status and one end");
    assert!(page.top.ended);
}

async fn finish_needs_the_lease(on: Backends) {
    let (job, mut claimed) = running(&on).await;
    claimed.lease.token = uuid::Uuid::new_v4();
    let finished = on.store.finish(&claimed.lease, &completed(), None).await;
    assert!(matches!(finished, Err(LeaseError::Lost)), "{finished:?}");
    assert_eq!(
        on.store.execution(job.key()).await.unwrap().unwrap().status,
        Status::Running
    );
}

async fn a_pending_execution_is_cancelled_at_once(on: Backends) {
    let job = accepted(&on).await;
    let cancelled = on
        .store
        .cancel(job.key(), CancelReason::Requested)
        .await
        .unwrap();
    assert!(
        matches!(cancelled, Cancelled::AtOnce(None)),
        "{cancelled:?}"
    );
    let execution = on.store.execution(job.key()).await.unwrap().unwrap();
    assert_eq!(execution.status, Status::Cancelled);
    assert_eq!(execution.error.unwrap().code, ErrorCode::Cancelled);
    let claim = on.store.claim(&job, &claimant(LEASE)).await.unwrap();
    assert!(matches!(claim, Claim::Ended), "{claim:?}");
    let page = on.log.read(job.key(), None, 10).await.unwrap();
    let ids: Vec<String> = page
        .events
        .iter()
        .filter_map(|event| event.id)
        .map(|id| id.to_string())
        .collect();
    assert_eq!(ids, ["0-1"]);
}

async fn a_running_execution_is_asked_to_end(on: Backends) {
    let (job, claimed) = running(&on).await;
    let mut hints = on.store.cancellations();
    // A hint is best effort: on Redis the subscription may not stand yet, so it is asked again until it is heard.
    let heard = async {
        loop {
            let cancelled = on
                .store
                .cancel(job.key(), CancelReason::Requested)
                .await
                .unwrap();
            assert!(matches!(cancelled, Cancelled::Asked), "{cancelled:?}");
            if let Ok(key) = timeout(Duration::from_millis(200), hints.recv()).await {
                break key.unwrap();
            }
        }
    };
    assert_eq!(
        timeout(Duration::from_secs(20), heard).await.unwrap(),
        job.key()
    );
    let closed = on
        .store
        .cancel(job.key(), CancelReason::SessionClosed)
        .await
        .unwrap();
    assert!(matches!(closed, Cancelled::Asked), "{closed:?}");
    let reason = on.store.renew(&claimed.lease, LEASE).await.unwrap();
    assert_eq!(
        reason,
        Some(CancelReason::Requested),
        "the first reason stays"
    );
    assert_eq!(
        on.store.execution(job.key()).await.unwrap().unwrap().status,
        Status::Running
    );
}

async fn withdraw_ends_only_what_nobody_runs(on: Backends) {
    let ending = Ending::failed(ExecutionError::new(ErrorCode::InternalError, "not queued"));
    let job = accepted(&on).await;
    let withdrawn = on.store.withdraw(job.key(), &ending).await.unwrap();
    assert!(matches!(withdrawn, Withdrawn::Ended(None)), "{withdrawn:?}");
    assert_eq!(
        on.store.execution(job.key()).await.unwrap().unwrap().status,
        Status::Failed
    );
    let (job, _) = running(&on).await;
    let withdrawn = on.store.withdraw(job.key(), &ending).await.unwrap();
    assert!(matches!(withdrawn, Withdrawn::Taken), "{withdrawn:?}");
    assert_eq!(
        on.store.execution(job.key()).await.unwrap().unwrap().status,
        Status::Running
    );
}
