//! Who ends an execution when several try at once.

use std::time::Duration;

use futures_util::future::join_all;
use longshore_shared::backends::Backends;
use longshore_shared::error::LeaseError;
use longshore_shared::event::Kind;
use longshore_shared::execution::{
    CancelReason, Ending, ErrorCode, Execution, ExecutionError, Status,
};
use longshore_shared::id::ExecutionKey;
use longshore_shared::store::{Cancelled, LostLease, Reaped, Retention, Verdict};

use crate::engines::{LEASE, accepted, claimed_for, completed, over_every_engine, running};

/// How often, and how many at a time.
const ROUNDS: usize = 10_000;
const AT_ONCE: usize = 50;

over_every_engine! { Retention::default() =>
    two_reapers_and_a_finishing_worker_end_it_once,
    a_cancellation_and_a_success_end_it_once,
}

async fn two_reapers_and_a_finishing_worker_end_it_once(on: Backends) {
    let mut by_worker = 0;
    for _ in 0..ROUNDS / AT_ONCE {
        let races = (0..AT_ONCE).map(|place| reapers_and_worker(&on, place));
        by_worker += join_all(races).await.into_iter().filter(|won| *won).count();
    }
    assert!((1..ROUNDS).contains(&by_worker), "both win: {by_worker}");
}

/// Whether the worker won.
async fn reapers_and_worker(on: &Backends, place: usize) -> bool {
    let job = accepted(on).await;
    let lease = claimed_for(on, &job, LEASE).await.lease;
    let lost = LostLease {
        lease: lease.clone(),
        on_worker_loss: job.request.on_worker_loss,
        tool_used: false,
        cancelled: None,
        tries: 1,
    };
    let unknown = ExecutionError::new(ErrorCode::OutcomeUnknown, "lost");
    let verdict = Verdict::End(Ending::failed(unknown));
    on.store.renew(&lease, Duration::ZERO).await.unwrap();
    let reap = || on.store.reap(&lost, Duration::ZERO, &verdict);
    let ending = completed();
    let finish = on.store.finish(&lease, &ending, None);
    // Whoever is asked first has the better chance.
    let (first, finished, second) = match place % 2 {
        0 => tokio::join!(reap(), finish, reap()),
        _ => {
            let (finished, first, second) = tokio::join!(finish, reap(), reap());
            (first, finished, second)
        }
    };
    let reaped = [first, second].map(|reaped| matches!(reaped.unwrap(), Reaped::Ended(_)));
    let finished = match finished {
        Ok(_) => true,
        Err(LeaseError::Lost) => false,
        Err(other) => panic!("{other}"),
    };
    let won = [reaped[0], reaped[1], finished];
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1, "{won:?}");
    let record = ended_once(on, job.key()).await;
    let code = record.error.map(|error| error.code);
    match finished {
        true => assert_eq!((record.status, code), (Status::Completed, None)),
        false => assert_eq!(code, Some(ErrorCode::OutcomeUnknown)),
    }
    finished
}

async fn a_cancellation_and_a_success_end_it_once(on: Backends) {
    let mut asked = 0;
    for _ in 0..ROUNDS / AT_ONCE {
        let races = (0..AT_ONCE).map(|place| cancellation_and_success(&on, place));
        asked += join_all(races)
            .await
            .into_iter()
            .filter(|asked| *asked)
            .count();
    }
    assert!((1..ROUNDS).contains(&asked), "both come first: {asked}");
}

/// Whether the cancellation came first.
async fn cancellation_and_success(on: &Backends, place: usize) -> bool {
    let (job, claimed) = running(on).await;
    let ending = completed();
    let finish = on.store.finish(&claimed.lease, &ending, None);
    let cancel = on.store.cancel(job.key(), CancelReason::Requested);
    let (finished, cancelled) = match place % 2 {
        0 => tokio::join!(finish, cancel),
        _ => {
            let (cancelled, finished) = tokio::join!(cancel, finish);
            (finished, cancelled)
        }
    };
    finished.unwrap();
    let asked = match cancelled.unwrap() {
        Cancelled::Asked => true,
        Cancelled::AlreadyEnded => false,
        other => panic!("{other:?}"),
    };
    // Asking ends nothing: what its worker had already done is what counts.
    assert_eq!(ended_once(on, job.key()).await.status, Status::Completed);
    asked
}

/// Its record, which has one end on its log.
async fn ended_once(on: &Backends, key: ExecutionKey) -> Execution {
    let page = on.log.read(key, None, 10).await.unwrap();
    let ends = page.events.iter().filter(|event| event.kind == Kind::End);
    assert_eq!(ends.count(), 1);
    assert!(page.top.ended);
    on.store.execution(key).await.unwrap().unwrap()
}
