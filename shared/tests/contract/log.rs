//! What the log promises, and what following it does.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::LeaseError;
use longshore_shared::event::{Event, Kind, frame};
use longshore_shared::event_log::{Batch, Followed, follow};
use longshore_shared::execution::Ending;
use longshore_shared::id::EventId;
use longshore_shared::job::Job;
use longshore_shared::store::{Claimed, Retention};
use tokio::time::timeout;

use crate::engines::{batch, completed, messages, over_every_engine, running};

over_every_engine! { few() =>
    events_are_read_back_in_order_and_in_pages,
    what_is_sent_again_is_recorded_once,
    only_the_lease_may_write,
    a_page_is_bounded_in_bytes,
    a_log_is_read_backwards_in_pages,
    token_deltas_are_live_only,
    old_events_make_room_and_the_gap_is_told,
    what_does_not_follow_is_not_taken,
}

pub(crate) fn few() -> Retention {
    Retention {
        max_events: 5_000,
        ..Retention::default()
    }
}

pub(crate) fn id(attempt: u32, seq: u64) -> EventId {
    EventId { attempt, seq }
}

pub(crate) async fn append(on: &Backends, claimed: &Claimed, events: &[Event]) {
    on.log.append(&claimed.lease, &batch(events)).await.unwrap();
}

async fn events_are_read_back_in_order_and_in_pages(on: Backends) {
    let (job, claimed) = running(&on).await;
    append(&on, &claimed, &messages(&job, 2..=10)).await;
    let page = on.log.read(job.key(), None, 4).await.unwrap();
    assert_eq!(page.events.len(), 4);
    assert_eq!(page.top.last, Some(id(1, 10)));
    let rest = on.log.read(job.key(), Some(id(1, 4)), 100).await.unwrap();
    assert_eq!(rest.events, messages_as_sent(&rest.events, &job, 5..=10));
    assert_eq!(on.log.top(job.key()).await.unwrap(), rest.top);
    assert!(
        on.log
            .read(job.key(), Some(id(1, 10)), 5)
            .await
            .unwrap()
            .events
            .is_empty()
    );
    assert_eq!(
        on.store
            .execution(job.key())
            .await
            .unwrap()
            .unwrap()
            .messages,
        9
    );
}

/// What was sent, but for the times in the frames, which are taken from what was read.
fn messages_as_sent(read: &[Event], job: &Job, seqs: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    let sent = messages(job, seqs);
    assert_eq!(read.len(), sent.len());
    sent.into_iter()
        .zip(read)
        .map(|(sent, read)| Event {
            frame: read.frame.clone(),
            ..sent
        })
        .collect()
}

async fn what_is_sent_again_is_recorded_once(on: Backends) {
    let (job, claimed) = running(&on).await;
    append(&on, &claimed, &messages(&job, 2..=5)).await;
    append(&on, &claimed, &messages(&job, 2..=5)).await;
    append(&on, &claimed, &messages(&job, 4..=7)).await;
    let page = on.log.read(job.key(), None, 100).await.unwrap();
    let seqs: Vec<u64> = page
        .events
        .iter()
        .filter_map(|event| event.id)
        .map(|id| id.seq)
        .collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(
        on.store
            .execution(job.key())
            .await
            .unwrap()
            .unwrap()
            .messages,
        6
    );
}

async fn only_the_lease_may_write(on: Backends) {
    let (job, mut claimed) = running(&on).await;
    let lease = claimed.lease.clone();
    claimed.lease.token = uuid::Uuid::new_v4();
    let foreign = on
        .log
        .append(&claimed.lease, &batch(&messages(&job, 2..=2)))
        .await;
    assert!(matches!(foreign, Err(LeaseError::Lost)), "{foreign:?}");
    on.store.finish(&lease, &completed(), None).await.unwrap();
    let late = on.log.append(&lease, &batch(&messages(&job, 2..=2))).await;
    assert!(matches!(late, Err(LeaseError::Lost)), "{late:?}");
}

async fn a_page_is_bounded_in_bytes(on: Backends) {
    let (job, claimed) = running(&on).await;
    let line = format!(r#"{{"x":"{}"}}"#, "y".repeat(400 << 10));
    for seq in 2..=8 {
        append(
            &on,
            &claimed,
            &[frame::claude_message(job.execution_id, id(1, seq), &line)],
        )
        .await;
    }
    let page = on.log.read(job.key(), None, 100).await.unwrap();
    assert_eq!(
        page.events.len(),
        3,
        "the status event and two large ones fit into a MiB"
    );
    let large = on.log.read(job.key(), Some(id(1, 3)), 1).await.unwrap();
    assert_eq!(large.events.len(), 1);
}

async fn a_log_is_read_backwards_in_pages(on: Backends) {
    let (job, claimed) = running(&on).await;
    append(&on, &claimed, &messages(&job, 2..=9)).await;
    for limit in [1, 2, 4, 9, 100] {
        let (mut seqs, mut before) = (Vec::new(), None);
        loop {
            let page = on.log.read_back(job.key(), before, limit).await.unwrap();
            assert!(!page.events.is_empty() && page.events.len() <= limit);
            seqs.extend(page.events.iter().filter_map(|event| event.id));
            before = seqs.last().copied();
            if !page.more {
                break;
            }
        }
        let all: Vec<_> = (1..=9).rev().map(|seq| id(1, seq)).collect();
        assert_eq!(seqs, all, "in pages of {limit}");
    }
    let none = on
        .log
        .read_back(job.key(), Some(id(1, 1)), 5)
        .await
        .unwrap();
    assert!(none.events.is_empty() && !none.more);
    let forwards = on.log.read(job.key(), None, 1).await.unwrap();
    let backwards = on
        .log
        .read_back(job.key(), Some(id(1, 2)), 1)
        .await
        .unwrap();
    assert_eq!(forwards.events, backwards.events);

    let line = format!(r#"{{"x":"{}"}}"#, "y".repeat(700 << 10));
    for seq in 10..=11 {
        let large = frame::claude_message(job.execution_id, id(1, seq), &line);
        append(&on, &claimed, &[large]).await;
    }
    let page = on.log.read_back(job.key(), None, 100).await.unwrap();
    assert_eq!(
        (page.events.len(), page.more),
        (1, true),
        "a page holds a MiB"
    );
}

async fn token_deltas_are_live_only(on: Backends) {
    let (job, claimed) = running(&on).await;
    let mut follower = follow(on.log.clone(), job.key(), None).await.unwrap();
    assert_eq!(event(follower.next().await).id, Some(id(1, 1)));
    let partial = frame::live(Kind::Partial, job.execution_id, r#"{"delta":1}"#);
    // A follower that is still reading its record is not given deltas of text it has or will have: wait until it is live.
    let live = async {
        loop {
            append(&on, &claimed, std::slice::from_ref(&partial)).await;
            if let Ok(followed) = timeout(Duration::from_millis(200), follower.next()).await {
                break event(followed);
            }
        }
    };
    assert_eq!(
        timeout(Duration::from_secs(10), live).await.unwrap(),
        partial
    );
    append(&on, &claimed, &messages(&job, 2..=2)).await;
    loop {
        let next = event(follower.next().await);
        if next.kind == Kind::ClaudeMessage {
            break;
        }
        assert_eq!(next.kind, Kind::Partial);
    }
    assert_eq!(
        on.log.read(job.key(), None, 10).await.unwrap().events.len(),
        2
    );
}

async fn old_events_make_room_and_the_gap_is_told(on: Backends) {
    let (job, claimed) = running(&on).await;
    for first in (2..=5_101).step_by(100) {
        append(&on, &claimed, &messages(&job, first..first + 100)).await;
    }
    let page = on.log.read(job.key(), Some(id(1, 3)), 1).await.unwrap();
    assert_eq!(
        (page.trimmed, page.earliest),
        (Some(id(1, 101)), Some(id(1, 102)))
    );
    let mut follower = follow(on.log.clone(), job.key(), Some(id(1, 3)))
        .await
        .unwrap();
    match follower.next().await.unwrap() {
        Followed::Gap {
            requested,
            earliest,
            latest,
        } => {
            assert_eq!(
                (requested, earliest, latest),
                (Some(id(1, 3)), Some(id(1, 102)), Some(id(1, 5_101)))
            );
        }
        Followed::Event(event) => panic!("a silent hole before {event:?}"),
    }
    assert_eq!(event(follower.next().await).id, Some(id(1, 102)));
    let mut whole = follow(on.log.clone(), job.key(), Some(id(1, 101)))
        .await
        .unwrap();
    assert_eq!(
        event(whole.next().await).id,
        Some(id(1, 102)),
        "nothing is missing after the last that was removed"
    );
}

pub(crate) fn event(followed: Option<Followed>) -> Event {
    match followed {
        Some(Followed::Event(event)) => event,
        other => panic!("an event is expected: {other:?}"),
    }
}

/// As after a Redis that has come back without its last second: whoever wrote what is missing is told where it ends.
async fn what_does_not_follow_is_not_taken(on: Backends) {
    let (job, claimed) = running(&on).await;
    append(&on, &claimed, &messages(&job, 2..=3)).await;
    let later = messages(&job, 6..=7);
    let refused = on.log.append(&claimed.lease, &batch(&later)).await;
    let behind = |refused| matches!(refused, Err(LeaseError::Behind(Some(top))) if top == id(1, 3));
    assert!(behind(refused), "what is in between is missing");
    let ending = Ending {
        after: Some(id(1, 7)),
        ..completed()
    };
    let refused = on.store.finish(&claimed.lease, &ending, None).await;
    assert!(behind(refused.map(drop)));
    append(&on, &claimed, &messages(&job, 2..=4)).await;
    let with_hole = Batch {
        with_hole: true,
        ..batch(&later)
    };
    on.log.append(&claimed.lease, &with_hole).await.unwrap();
    on.store
        .finish(&claimed.lease, &ending, None)
        .await
        .unwrap();
    let page = on.log.read(job.key(), None, 100).await.unwrap();
    let seqs: Vec<_> = page
        .events
        .iter()
        .filter_map(|event| event.id.map(|id| id.seq))
        .collect();
    assert_eq!(seqs, [1, 2, 3, 4, 6, 7, 8]);
}
