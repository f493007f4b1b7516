//! What Idempotency-Keys promise.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::idempotency::{Holder, IdempotencyKey, Reservation};
use longshore_shared::store::Retention;
use tokio::time::sleep;
use uuid::Uuid;

use crate::engines::over_every_engine;

over_every_engine! { Retention::default() =>
    a_key_stands_for_the_ids_it_was_first_given,
    keys_differ_by_caller_and_by_text,
    of_many_who_ask_at_once_one_holds_the_key,
    a_reservation_whose_answer_was_lost_is_answered_again,
    a_freed_key_is_free,
    a_key_whose_hold_ran_out_is_taken_over_with_its_ids,
    a_hold_can_be_made_longer,
    only_the_holder_settles_and_frees,
}

mod forgotten {
    use super::*;

    over_every_engine! { Retention { execution: Duration::from_millis(20), ..Retention::default() } =>
        a_key_older_than_any_record_counts_as_settled,
    }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn ids() -> ExecutionKey {
    ExecutionKey {
        session: SessionId::generate(),
        execution: ExecutionId::generate(),
    }
}

fn holder(length: Duration) -> Holder {
    Holder {
        token: Uuid::new_v4(),
        length,
    }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new("ann", text)
}

async fn ask(on: &Backends, ids: ExecutionKey, holder: Holder) -> Reservation {
    on.idempotency
        .reserve(&key("k"), "body", ids, holder)
        .await
        .unwrap()
}

async fn ask_with_another_body(on: &Backends) -> Reservation {
    on.idempotency
        .reserve(&key("k"), "another body", ids(), holder(LONG))
        .await
        .unwrap()
}

/// Asks until the hold of whoever has the key has run out.
async fn await_takeover(on: &Backends, holder: Holder) -> Reservation {
    loop {
        match ask(on, ids(), holder).await {
            Reservation::InFlight => sleep(Duration::from_millis(2)).await,
            other => return other,
        }
    }
}

async fn a_key_stands_for_the_ids_it_was_first_given(on: Backends) {
    let (first, me) = (ids(), holder(LONG));
    assert_eq!(ask(&on, first, me).await, Reservation::Mine);
    assert_eq!(ask(&on, ids(), holder(LONG)).await, Reservation::InFlight);
    let keys = &on.idempotency;
    assert_eq!(ask_with_another_body(&on).await, Reservation::Conflict);
    assert!(keys.settle(&key("k"), me).await.unwrap());
    assert!(
        keys.settle(&key("k"), me).await.unwrap(),
        "again changes nothing"
    );
    assert_eq!(
        ask(&on, ids(), holder(LONG)).await,
        Reservation::Done(first)
    );
    assert_eq!(ask(&on, ids(), me).await, Reservation::Done(first));
    assert_eq!(ask_with_another_body(&on).await, Reservation::Conflict);
}

async fn keys_differ_by_caller_and_by_text(on: Backends) {
    for (caller, text) in [("ann", "k"), ("ben", "k"), ("ann", "K"), ("ann", "k ")] {
        let key = IdempotencyKey::new(caller, text);
        let answer = on.idempotency.reserve(&key, "body", ids(), holder(LONG));
        assert_eq!(
            answer.await.unwrap(),
            Reservation::Mine,
            "{caller} {text:?}"
        );
    }
}

async fn of_many_who_ask_at_once_one_holds_the_key(on: Backends) {
    let asks: Vec<_> = (0..50)
        .map(|_| {
            let on = on.clone();
            tokio::spawn(async move { ask(&on, ids(), holder(LONG)).await })
        })
        .collect();
    let mut mine = 0;
    for ask in asks {
        match ask.await.unwrap() {
            Reservation::Mine => mine += 1,
            other => assert_eq!(other, Reservation::InFlight),
        }
    }
    assert_eq!(mine, 1);
}

async fn a_reservation_whose_answer_was_lost_is_answered_again(on: Backends) {
    let (first, me) = (ids(), holder(SHORT));
    for _ in 0..2 {
        assert_eq!(ask(&on, first, me).await, Reservation::Mine);
    }
    let (second, other) = (ids(), holder(LONG));
    assert_eq!(
        await_takeover(&on, other).await,
        Reservation::TakenOver(first)
    );
    assert_eq!(ask(&on, second, other).await, Reservation::TakenOver(first));
}

async fn a_freed_key_is_free(on: Backends) {
    let (first, me) = (ids(), holder(LONG));
    assert_eq!(ask(&on, first, me).await, Reservation::Mine);
    on.idempotency.free(&key("k"), me).await.unwrap();
    on.idempotency.free(&key("k"), me).await.unwrap();
    assert_eq!(ask_with_another_body(&on).await, Reservation::Mine);
}

async fn a_key_whose_hold_ran_out_is_taken_over_with_its_ids(on: Backends) {
    let (first, me, other) = (ids(), holder(SHORT), holder(LONG));
    assert_eq!(ask(&on, first, me).await, Reservation::Mine);
    assert_eq!(
        await_takeover(&on, other).await,
        Reservation::TakenOver(first)
    );
    let keys = &on.idempotency;
    assert!(
        !keys.hold(&key("k"), me).await.unwrap(),
        "it is another's now"
    );
    assert!(!keys.settle(&key("k"), me).await.unwrap());
    keys.free(&key("k"), me).await.unwrap();
    assert_eq!(ask(&on, ids(), me).await, Reservation::InFlight);
    assert!(keys.settle(&key("k"), other).await.unwrap());
    assert_eq!(ask(&on, ids(), me).await, Reservation::Done(first));
}

async fn a_hold_can_be_made_longer(on: Backends) {
    let me = holder(SHORT);
    assert_eq!(ask(&on, ids(), me).await, Reservation::Mine);
    let longer = Holder { length: LONG, ..me };
    assert!(on.idempotency.hold(&key("k"), longer).await.unwrap());
    sleep(2 * SHORT).await;
    assert_eq!(ask(&on, ids(), holder(LONG)).await, Reservation::InFlight);
    let ended = Holder {
        length: Duration::ZERO,
        ..me
    };
    assert!(on.idempotency.hold(&key("k"), ended).await.unwrap());
    let taken = await_takeover(&on, holder(LONG)).await;
    assert!(matches!(taken, Reservation::TakenOver(_)), "{taken:?}");
}

async fn only_the_holder_settles_and_frees(on: Backends) {
    let (first, me, other) = (ids(), holder(LONG), holder(LONG));
    let keys = &on.idempotency;
    assert!(
        !keys.settle(&key("k"), me).await.unwrap(),
        "there is no such key"
    );
    assert!(!keys.hold(&key("k"), me).await.unwrap());
    assert_eq!(ask(&on, first, me).await, Reservation::Mine);
    assert!(!keys.settle(&key("k"), other).await.unwrap());
    assert!(!keys.hold(&key("k"), other).await.unwrap());
    keys.free(&key("k"), other).await.unwrap();
    assert_eq!(ask(&on, first, me).await, Reservation::Mine);
    assert!(keys.settle(&key("k"), me).await.unwrap());
    keys.free(&key("k"), me).await.unwrap();
    assert!(
        !keys.hold(&key("k"), me).await.unwrap(),
        "nothing is left to hold"
    );
    assert_eq!(ask(&on, ids(), other).await, Reservation::Done(first));
}

async fn a_key_older_than_any_record_counts_as_settled(on: Backends) {
    let first = ids();
    assert_eq!(ask(&on, first, holder(LONG)).await, Reservation::Mine);
    assert_eq!(
        ask(&on, ids(), holder(LONG)).await,
        Reservation::InFlight,
        "whoever holds it may still settle it"
    );
    let short = IdempotencyKey::new("ann", "short");
    let reserved = on.idempotency.reserve(&short, "body", first, holder(SHORT));
    assert_eq!(reserved.await.unwrap(), Reservation::Mine);
    sleep(2 * SHORT).await;
    let late = on.idempotency.reserve(&short, "body", ids(), holder(LONG));
    assert_eq!(late.await.unwrap(), Reservation::Done(first));
}
