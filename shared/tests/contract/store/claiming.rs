//! From an accepted execution to one worker that has its lease.

use longshore_shared::backends::Backends;
use longshore_shared::error::AcceptError;
use longshore_shared::execution::Status;
use longshore_shared::id::SessionId;
use longshore_shared::session::SessionMode;
use longshore_shared::store::{Claim, Claimant, Retention};

use crate::engines::{LEASE, accepted, claimant, job, over_every_engine, running};

over_every_engine! { Retention::default() =>
    accept_records_a_pending_execution,
    accept_continues_only_the_workspaces_own_session,
    claim_gives_one_worker_the_lease,
    of_many_claims_one_wins,
    a_claim_whose_answer_was_lost_is_answered_again,
    an_attempt_is_above_the_one_that_was_had,
}

async fn accept_records_a_pending_execution(on: Backends) {
    let job = accepted(&on).await;
    on.store.accept(&job, SessionMode::Begin).await.unwrap();
    let execution = on.store.execution(job.key()).await.unwrap().unwrap();
    assert_eq!(
        (execution.status, execution.attempt),
        (Status::Pending, None)
    );
    assert_eq!(execution.workspace_id, job.workspace_id);
    assert_eq!(execution.created_at, job.accepted_at);
    assert_eq!(execution.metadata.unwrap().get(), r#"{"a": 1.50}"#);
    assert_eq!(
        on.store.locate(job.execution_id).await.unwrap(),
        Some(job.key())
    );
    let session = on.store.session(job.session_id).await.unwrap().unwrap();
    assert_eq!(session.executions, 1, "accepting again changes nothing");
    assert_eq!(session.active_execution_id, Some(job.execution_id));
}

async fn accept_continues_only_the_workspaces_own_session(on: Backends) {
    let first = accepted(&on).await;
    let unknown = on
        .store
        .accept(&job(SessionId::generate()), SessionMode::Continue)
        .await;
    assert!(
        matches!(unknown, Err(AcceptError::SessionNotFound)),
        "{unknown:?}"
    );
    let mut foreign = job(first.session_id);
    foreign.workspace_id = "other".parse().unwrap();
    let refused = on.store.accept(&foreign, SessionMode::Continue).await;
    assert!(
        matches!(refused, Err(AcceptError::SessionNotFound)),
        "{refused:?}"
    );
    assert_eq!(
        on.store.locate(foreign.execution_id).await.unwrap(),
        None,
        "nothing of it is left"
    );
    on.store
        .accept(&job(first.session_id), SessionMode::Continue)
        .await
        .unwrap();
}

async fn claim_gives_one_worker_the_lease(on: Backends) {
    let (job, claimed) = running(&on).await;
    assert_eq!(
        (claimed.lease.attempt, claimed.messages, claimed.transcript),
        (1, 0, None)
    );
    let execution = on.store.execution(job.key()).await.unwrap().unwrap();
    assert_eq!(
        (execution.status, execution.attempt),
        (Status::Running, Some(1))
    );
    assert!(execution.started_at.is_some());
    let again = on.store.claim(&job, &claimant(LEASE)).await.unwrap();
    assert!(matches!(again, Claim::RunningElsewhere), "{again:?}");
    assert_eq!(on.store.renew(&claimed.lease, LEASE).await.unwrap(), None);
}

async fn of_many_claims_one_wins(on: Backends) {
    for _ in 0..20 {
        let job = accepted(&on).await;
        let claims = (0..8).map(|_| {
            let (store, job) = (on.store.clone(), job.clone());
            tokio::spawn(async move { store.claim(&job, &claimant(LEASE)).await.unwrap() })
        });
        let mut won = 0;
        for claim in claims.collect::<Vec<_>>() {
            won += i32::from(matches!(claim.await.unwrap(), Claim::Run(_)));
        }
        assert_eq!(won, 1);
    }
}

async fn a_claim_whose_answer_was_lost_is_answered_again(on: Backends) {
    let job = accepted(&on).await;
    let claimant = claimant(LEASE);
    for _ in 0..2 {
        match on.store.claim(&job, &claimant).await.unwrap() {
            Claim::Run(claimed) => {
                assert_eq!(
                    (claimed.lease.attempt, claimed.lease.token),
                    (1, claimant.token)
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let page = on.log.read(job.key(), None, 10).await.unwrap();
    assert_eq!(page.events.len(), 1, "it started once");
}

/// The store has forgotten an attempt, as Redis may when it comes back without its last second.
async fn an_attempt_is_above_the_one_that_was_had(on: Backends) {
    let job = accepted(&on).await;
    let claimant = Claimant {
        had: 7,
        ..claimant(LEASE)
    };
    let claim = on.store.claim(&job, &claimant).await.unwrap();
    let Claim::Run(claimed) = claim else {
        panic!("{claim:?}")
    };
    assert_eq!(claimed.lease.attempt, 8);
    assert!(claimed.forgotten);
}
