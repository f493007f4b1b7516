//! What the record promises when workers, messages or records are lost.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::LeaseError;
use longshore_shared::execution::{CancelReason, Ending, ErrorCode, ExecutionError};
use longshore_shared::id::SessionId;
use longshore_shared::store::{Claim, LostLease, Reaped, Retention, Verdict};
use longshore_shared::timestamp::Timestamp;
use tokio::time::{sleep, timeout};

use crate::engines::{
    LEASE, accepted, batch, claimant, claimed, claimed_for, completed, continued, job, messages,
    over_every_engine, running,
};

over_every_engine! { Retention::default() =>
    what_was_not_dispatched_is_listed,
    a_job_without_a_record_is_recorded_again,
    a_lost_lease_is_found_and_given_back,
    a_lost_lease_can_be_ended,
    a_lease_that_is_given_up_is_lost_at_once,
    a_renewed_lease_is_not_reaped,
    a_reaped_end_is_not_its_old_holders,
    what_was_cancelled_is_not_given_back,
    a_store_tells_for_how_long_it_is_up,
}

async fn what_was_not_dispatched_is_listed(on: Backends) {
    let (forgotten, noted, taken) = (
        accepted(&on).await,
        accepted(&on).await,
        accepted(&on).await,
    );
    on.store.dispatched(noted.key()).await.unwrap();
    claimed(&on, &taken).await;
    let waiting = on.store.undispatched(Duration::ZERO, 10).await.unwrap();
    let ids: Vec<_> = waiting.iter().map(|job| job.execution_id).collect();
    assert_eq!(ids, [forgotten.execution_id]);
    assert_eq!(waiting[0].request.prompt, forgotten.request.prompt);
    assert!(
        on.store
            .undispatched(Duration::from_secs(60), 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_job_without_a_record_is_recorded_again(on: Backends) {
    on.store.lost(Duration::ZERO, 1).await.unwrap(); // As every worker does: from now on the store is known.
    let lost = job(SessionId::generate());
    assert!(claimed(&on, &lost).await.forgotten);
    assert!(!claimed(&on, &accepted(&on).await).await.forgotten);
    assert_eq!(
        on.store.locate(lost.execution_id).await.unwrap(),
        Some(lost.key())
    );
    let mut old = job(SessionId::generate());
    old.accepted_at = Timestamp(Timestamp::now().0 - 48 * 3_600_000);
    // On Redis only a record older than the store itself may be missing for another reason than its expiry.
    let claim = on.store.claim(&old, &claimant(LEASE)).await.unwrap();
    assert!(matches!(claim, Claim::Ended | Claim::Run(_)), "{claim:?}");
}

async fn a_lost_lease_is_found_and_given_back(on: Backends) {
    let job = accepted(&on).await;
    let first = claimed_for(&on, &job, Duration::from_millis(50)).await;
    on.log
        .append(&first.lease, &batch(&messages(&job, 2..=3)))
        .await
        .unwrap();
    let lost = wait_for_lost(&on).await;
    assert_eq!(lost.lease, first.lease);
    assert!(!lost.tool_used);
    let reaped = on
        .store
        .reap(&lost, Duration::ZERO, &Verdict::Requeue)
        .await
        .unwrap();
    assert!(
        matches!(&reaped, Reaped::Requeued(again) if again.execution_id == job.execution_id),
        "{reaped:?}"
    );
    let again = on
        .store
        .reap(&lost, Duration::ZERO, &Verdict::Requeue)
        .await
        .unwrap();
    assert!(matches!(again, Reaped::NotLost), "{again:?}");
    let waiting = on.store.undispatched(Duration::ZERO, 10).await.unwrap();
    assert_eq!(waiting.len(), 1, "until its publish is noted");

    let late = on
        .log
        .append(&first.lease, &batch(&messages(&job, 4..=4)))
        .await;
    assert!(matches!(late, Err(LeaseError::Lost)), "{late:?}");
    let late = on.store.finish(&first.lease, &completed(), None).await;
    assert!(matches!(late, Err(LeaseError::Lost)), "{late:?}");
    let second = claimed(&on, &job).await;
    assert_eq!((second.lease.attempt, second.messages), (2, 2));
    let page = on.log.read(job.key(), None, 10).await.unwrap();
    let ids: Vec<String> = page
        .events
        .iter()
        .filter_map(|event| event.id)
        .map(|id| id.to_string())
        .collect();
    assert_eq!(
        ids,
        ["1-1", "1-2", "1-3", "1-4", "2-1"],
        "the fourth says that the worker was lost"
    );
}

async fn a_lost_lease_can_be_ended(on: Backends) {
    let job = accepted(&on).await;
    let next = continued(&on, &job).await;
    claimed_for(&on, &job, Duration::from_millis(50)).await;
    let lost = wait_for_lost(&on).await;
    let ending = Ending::failed(ExecutionError::new(ErrorCode::WorkerLost, "lost"));
    match on
        .store
        .reap(&lost, Duration::ZERO, &Verdict::End(ending))
        .await
        .unwrap()
    {
        Reaped::Ended(Some(job)) => assert_eq!(job.execution_id, next.execution_id),
        other => panic!("{other:?}"),
    }
    let execution = on.store.execution(job.key()).await.unwrap().unwrap();
    assert_eq!(execution.error.unwrap().code, ErrorCode::WorkerLost);
    assert!(on.store.lost(Duration::ZERO, 10).await.unwrap().is_empty());
}

async fn a_lease_that_is_given_up_is_lost_at_once(on: Backends) {
    const GRACE: Duration = Duration::from_secs(60);
    let job = accepted(&on).await;
    let claimed = claimed_for(&on, &job, LEASE).await;
    let lost = on.store.release(&claimed.lease).await.unwrap();
    assert_eq!((&lost.lease, lost.tries), (&claimed.lease, 1));
    let renewed = on.store.renew(&claimed.lease, LEASE).await;
    assert!(matches!(renewed, Err(LeaseError::Lost)), "{renewed:?}");
    on.store.release(&claimed.lease).await.unwrap(); // Its answer may have been lost.
    let requeue = on
        .store
        .reap(&lost, GRACE, &Verdict::Requeue)
        .await
        .unwrap();
    assert!(matches!(requeue, Reaped::Requeued(_)), "{requeue:?}");
    let released = on.store.release(&claimed.lease).await;
    assert!(matches!(released, Err(LeaseError::Lost)), "{released:?}");
    let claim = on.store.claim(&job, &claimant(LEASE)).await.unwrap();
    assert!(matches!(claim, Claim::Run(claimed) if claimed.lease.attempt == 2));
}

async fn a_reaped_end_is_not_its_old_holders(on: Backends) {
    let job = accepted(&on).await;
    let claimed = claimed_for(&on, &job, Duration::from_millis(50)).await;
    let lost = wait_for_lost(&on).await;
    let ending = Ending::failed(ExecutionError::new(ErrorCode::OutcomeUnknown, "lost"));
    let verdict = Verdict::End(ending);
    on.store
        .reap(&lost, Duration::ZERO, &verdict)
        .await
        .unwrap();
    let late = on
        .store
        .finish(&claimed.lease, &completed(), Some("late.jsonl"))
        .await;
    assert!(matches!(late, Err(LeaseError::Lost)), "{late:?}");
    let session = on.store.session(job.session_id).await.unwrap().unwrap();
    assert_eq!(session.transcript, None);
}

async fn what_was_cancelled_is_not_given_back(on: Backends) {
    let job = accepted(&on).await;
    claimed_for(&on, &job, Duration::from_millis(50)).await;
    let lost = wait_for_lost(&on).await;
    on.store
        .cancel(job.key(), CancelReason::Requested)
        .await
        .unwrap();
    let reaped = on
        .store
        .reap(&lost, Duration::ZERO, &Verdict::Requeue)
        .await
        .unwrap();
    assert!(matches!(reaped, Reaped::NotLost), "{reaped:?}");
    assert_eq!(
        wait_for_lost(&on).await.cancelled,
        Some(CancelReason::Requested)
    );
}

async fn a_renewed_lease_is_not_reaped(on: Backends) {
    let job = accepted(&on).await;
    let claimed = claimed_for(&on, &job, Duration::from_millis(50)).await;
    let lost = wait_for_lost(&on).await;
    on.store.renew(&claimed.lease, LEASE).await.unwrap();
    let reaped = on
        .store
        .reap(&lost, Duration::ZERO, &Verdict::Requeue)
        .await
        .unwrap();
    assert!(matches!(reaped, Reaped::NotLost), "{reaped:?}");
}

/// The lease that is lost. It was entered a moment before it began; listed only after this grace, it has surely ended.
pub(crate) async fn wait_for_lost(on: &Backends) -> LostLease {
    const GRACE: Duration = Duration::from_millis(500);
    let found = async {
        loop {
            if let Some(lost) = on.store.lost(GRACE, 10).await.unwrap().pop() {
                return lost;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), found).await.unwrap()
}

mod retention {
    use super::*;

    fn short() -> Retention {
        Retention {
            execution: Duration::from_millis(300),
            session: Duration::from_millis(300),
            max_events: 100,
        }
    }

    over_every_engine! { short() => what_ended_is_forgotten_and_what_lives_is_not }

    async fn what_ended_is_forgotten_and_what_lives_is_not(on: Backends) {
        let (ended, lease) = running(&on).await;
        let (alive, _) = running(&on).await;
        on.store
            .finish(&lease.lease, &completed(), None)
            .await
            .unwrap();
        let forgotten = async {
            while on.store.execution(ended.key()).await.unwrap().is_some() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(10), forgotten).await.unwrap();
        assert!(
            on.log
                .read(ended.key(), None, 10)
                .await
                .unwrap()
                .events
                .is_empty()
        );
        assert!(on.store.execution(alive.key()).await.unwrap().is_some());
    }
}

async fn a_store_tells_for_how_long_it_is_up(on: Backends) {
    let before = on.store.up_for().await.unwrap();
    sleep(Duration::from_millis(1100)).await; // Redis counts whole seconds.
    let after = on.store.up_for().await.unwrap();
    assert!(
        after > before || after == Duration::MAX,
        "{before:?}, {after:?}"
    );
}
