//! The executions of one session: one at a time, in order, each on the transcript of the one before.

use longshore_shared::backends::Backends;
use longshore_shared::execution::CancelReason;
use longshore_shared::store::{Cancelled, Claim, Retention};
use longshore_shared::usage::Usage;

use crate::engines::{
    LEASE, accepted, batch, claimant, claimed, completed, continued, messages, over_every_engine,
    running,
};

over_every_engine! { Retention::default() =>
    a_sessions_executions_run_one_at_a_time_in_order,
    a_cancelled_head_lets_the_next_one_run,
    finish_hands_on_the_transcript_and_sums_up,
    odd_sums_harm_nothing,
}

async fn a_sessions_executions_run_one_at_a_time_in_order(on: Backends) {
    let (first, lease) = running(&on).await;
    let second = continued(&on, &first).await;
    let third = continued(&on, &first).await;
    for waiting in [&third, &second] {
        let claim = on.store.claim(waiting, &claimant(LEASE)).await.unwrap();
        assert!(matches!(claim, Claim::SessionBusy), "{claim:?}");
    }
    let next = on
        .store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    assert_eq!(next.unwrap().execution_id, second.execution_id);
    let early = on.store.claim(&third, &claimant(LEASE)).await.unwrap();
    assert!(matches!(early, Claim::SessionBusy), "{early:?}");
    let lease = claimed(&on, &second).await;
    let next = on
        .store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    assert_eq!(next.unwrap().execution_id, third.execution_id);
    let lease = claimed(&on, &third).await;
    assert!(
        on.store
            .finish(&lease.lease, &completed(), None)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_cancelled_head_lets_the_next_one_run(on: Backends) {
    let first = accepted(&on).await;
    let second = continued(&on, &first).await;
    match on
        .store
        .cancel(first.key(), CancelReason::Requested)
        .await
        .unwrap()
    {
        Cancelled::AtOnce(Some(next)) => assert_eq!(next.execution_id, second.execution_id),
        other => panic!("{other:?}"),
    }
    claimed(&on, &second).await;
}

async fn finish_hands_on_the_transcript_and_sums_up(on: Backends) {
    let (first, lease) = running(&on).await;
    on.log
        .append(&lease.lease, &batch(&messages(&first, 2..=4)))
        .await
        .unwrap();
    on.store
        .finish(&lease.lease, &completed(), Some("sessions/a.jsonl"))
        .await
        .unwrap();
    let second = continued(&on, &first).await;
    let lease = claimed(&on, &second).await;
    assert_eq!(lease.transcript.as_deref(), Some("sessions/a.jsonl"));
    on.store
        .finish(&lease.lease, &completed(), None)
        .await
        .unwrap();
    let session = on.store.session(first.session_id).await.unwrap().unwrap();
    assert_eq!((session.executions, session.turns), (2, 1));
    assert!(
        (session.total_cost_usd - 0.5).abs() < 1e-9,
        "{}",
        session.total_cost_usd
    );
    assert_eq!(session.usage.counts(), [20, 40, 6, 8]);
    assert_eq!(session.metadata.unwrap().get(), r#"{"a": 1.50}"#);
    assert_eq!(session.last_execution_id, Some(second.execution_id));
    assert_eq!(session.active_execution_id, None);
    assert_eq!(session.transcript.as_deref(), Some("sessions/a.jsonl"));
    assert_eq!(
        on.store
            .execution(first.key())
            .await
            .unwrap()
            .unwrap()
            .messages,
        3
    );
}

async fn odd_sums_harm_nothing(on: Backends) {
    let (job, lease) = running(&on).await;
    let mut ending = completed();
    ending.cost_usd = f64::MAX;
    ending.usage = Usage::from_counts([u64::MAX; 4]);
    on.store.finish(&lease.lease, &ending, None).await.unwrap();
    for cost in [f64::NAN, f64::INFINITY, -1.0] {
        ending.cost_usd = cost;
        let next = continued(&on, &job).await;
        let lease = claimed(&on, &next).await;
        on.store.finish(&lease.lease, &ending, None).await.unwrap();
    }
    let session = on.store.session(job.session_id).await.unwrap().unwrap();
    assert!((session.total_cost_usd - 1e9).abs() < 1e-3);
    assert_eq!(session.usage.counts(), [4_000_000_000_000; 4]);
}
