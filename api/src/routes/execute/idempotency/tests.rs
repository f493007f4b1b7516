//! Keys whose holders fail, die, or are slow.

use std::sync::Arc;

use longshore_shared::execution::Status;
use longshore_shared::id::SessionId;
use tokio::sync::Notify;

use super::*;

mod world;

use world::{LONG, Publish, SHORT, World, key, take};

fn code(refused: Result<Accepted, ApiError>) -> Code {
    refused.unwrap_err().code
}

#[tokio::test]
async fn the_second_request_is_given_the_first_ones_ids() {
    let world = World::new();
    let first = world.submit().await.unwrap();
    assert!(!first.replayed);
    assert_eq!(world.submit().await.unwrap(), Accepted::again(first.ids));
    assert_eq!(world.published(), [first.ids.execution]);
}

#[tokio::test]
async fn a_server_that_died_before_it_recorded_is_continued() {
    let world = World::new();
    let dead = world.reserved(SHORT).await;
    let accepted = world.submit().await.unwrap();
    assert_eq!(accepted, Accepted::new(dead.job.key()));
    assert_eq!(world.published(), [dead.job.execution_id]);
}

#[tokio::test]
async fn a_server_that_died_before_it_queued_is_continued() {
    let world = World::new();
    let dead = world.reserved(SHORT).await;
    world.record(&dead).await;
    let accepted = world.submit().await.unwrap();
    assert_eq!(accepted, Accepted::again(dead.job.key()));
    assert_eq!(world.published(), [dead.job.execution_id]);
    assert_eq!(world.submit().await.unwrap(), accepted);
}

#[tokio::test]
async fn what_runs_already_is_not_queued_again() {
    let world = World::new();
    let dead = world.reserved(SHORT).await;
    world.record(&dead).await;
    take(&*world.state.backends.store, &dead.job).await;
    let accepted = world.submit().await.unwrap();
    assert_eq!(accepted, Accepted::again(dead.job.key()));
    assert_eq!(world.published(), []);
}

#[tokio::test]
async fn what_was_withdrawn_is_begun_anew() {
    let world = World::new();
    let dead = world.reserved(SHORT).await;
    world.record(&dead).await;
    dead.withdraw().await.unwrap();
    let accepted = world.submit().await.unwrap();
    assert!(!accepted.replayed && accepted.ids.execution != dead.job.execution_id);
    assert_eq!(world.published(), [accepted.ids.execution]);
}

#[tokio::test]
async fn a_key_whose_execution_could_not_be_queued_is_free() {
    let world = World::new();
    world.script([Publish::Fail]);
    assert_eq!(code(world.submit().await), Code::BrokerUnavailable);
    let other_body = Once::new(key(), "other".to_owned(), LONG, world.submission(None));
    assert!(!other_body.submit().await.unwrap().replayed);
    assert_eq!(code(world.submit().await), Code::IdempotencyConflict);
}

#[tokio::test]
async fn what_a_worker_took_is_accepted_whatever_the_queue_says() {
    let world = World::new();
    world.script([Publish::TakeAndFail]);
    let accepted = world.submit().await.unwrap();
    assert!(!accepted.replayed);
    assert_eq!(world.submit().await.unwrap(), Accepted::again(accepted.ids));
}

#[tokio::test]
async fn what_may_have_been_accepted_is_never_withdrawn() {
    let world = World::new();
    let dead = world.reserved(SHORT).await;
    world.record(&dead).await;
    world.script([Publish::Fail]);
    assert_eq!(code(world.submit().await), Code::BrokerUnavailable);
    assert_eq!(world.status(dead.job.key()).await, Status::Pending);
    let at_once = tokio::time::timeout(LONG / 2, world.submit());
    let accepted = at_once.await.expect("nobody holds the key").unwrap();
    assert_eq!(accepted, Accepted::again(dead.job.key()));
}

#[tokio::test]
async fn a_key_whose_session_is_unknown_is_free() {
    let world = World::new();
    let unknown = world.submission(Some(SessionId::generate()));
    let refused = Once::new(key(), "unknown".to_owned(), LONG, unknown);
    assert_eq!(code(refused.submit().await), Code::SessionNotFound);
    assert!(!world.submit().await.unwrap().replayed);
}

#[tokio::test]
async fn a_full_queue_refuses_new_executions_and_replays_old_ones() {
    let world = World::with(&["--max-queue=1"]);
    let first = world.submit().await.unwrap();
    let other = || {
        Once::new(
            IdempotencyKey::new("ann", "other"),
            "body".to_owned(),
            LONG,
            world.submission(None),
        )
    };
    assert_eq!(code(other().submit().await), Code::QueueFull);
    assert_eq!(world.submit().await.unwrap(), Accepted::again(first.ids));
    take(&*world.state.backends.store, &{
        let mut job = world.submission(None).job;
        (job.execution_id, job.session_id) = (first.ids.execution, first.ids.session);
        job
    })
    .await;
    assert!(!other().submit().await.unwrap().replayed);
}

#[tokio::test]
async fn the_second_waits_for_the_first() {
    let world = World::new();
    let go = Arc::new(Notify::new());
    world.script([Publish::Wait(go.clone(), Box::new(Publish::Succeed))]);
    let first = tokio::spawn(world.once(LONG).submit());
    world.queue.asked.notified().await;
    let second = tokio::spawn(world.once(LONG).submit());
    let other_body = Once::new(key(), "other".to_owned(), LONG, world.submission(None));
    assert_eq!(code(other_body.submit().await), Code::IdempotencyConflict);
    assert!(!second.is_finished());
    go.notify_one();
    let first = first.await.unwrap().unwrap();
    assert!(!first.replayed);
    assert_eq!(second.await.unwrap().unwrap(), Accepted::again(first.ids));
}

#[tokio::test]
async fn a_stopping_server_lets_nobody_wait() {
    let world = World::new();
    world.reserved(LONG).await;
    world.state.stopping.stop.cancel();
    assert_eq!(code(world.submit().await), Code::ShuttingDown);
}

/// A holder whose queue is slow, and another request that has taken the key over meanwhile.
async fn slow(then: Publish) -> (World, Result<Accepted, ApiError>, Accepted) {
    let world = World::new();
    let go = Arc::new(Notify::new());
    world.script([Publish::Wait(go.clone(), Box::new(then))]);
    let first = tokio::spawn(world.once(SHORT).submit());
    world.queue.asked.notified().await;
    let second = world.submit().await.unwrap();
    go.notify_one();
    let first = first.await.unwrap();
    (world, first, second)
}

#[tokio::test]
async fn a_slow_holder_that_succeeds_is_given_what_the_key_stands_for() {
    let (_, first, second) = slow(Publish::Succeed).await;
    assert_eq!(first.unwrap(), Accepted::again(second.ids));
}

#[tokio::test]
async fn a_slow_holder_that_fails_leaves_the_execution_to_the_next() {
    let (world, first, second) = slow(Publish::Fail).await;
    assert_eq!(code(first), Code::StoreUnavailable);
    assert_eq!(world.status(second.ids).await, Status::Pending);
    assert_eq!(world.submit().await.unwrap(), Accepted::again(second.ids));
}

#[tokio::test]
async fn a_key_that_is_lost_while_its_job_is_queued_stands_for_that_job() {
    let world = World::new();
    let go = Arc::new(Notify::new());
    world.script([Publish::Wait(go.clone(), Box::new(Publish::Succeed))]);
    let first = tokio::spawn(world.once(LONG).submit());
    world.queue.asked.notified().await;
    world.keys.forget();
    go.notify_one();
    let first = first.await.unwrap().unwrap();
    assert!(!first.replayed);
    let published = world.published();
    assert!(
        published.iter().all(|id| *id == first.ids.execution),
        "{published:?}"
    );
    assert_eq!(world.submit().await.unwrap(), Accepted::again(first.ids));
}

#[tokio::test]
async fn a_key_that_is_lost_and_whose_job_was_withdrawn_is_begun_anew() {
    let world = World::new();
    let go = Arc::new(Notify::new());
    world.script([Publish::Wait(go.clone(), Box::new(Publish::Succeed))]);
    let once = world.once(LONG);
    let withdrawn = once.submission.clone();
    let first = tokio::spawn(once.submit());
    world.queue.asked.notified().await;
    withdrawn.withdraw().await.unwrap();
    world.keys.forget();
    go.notify_one();
    let first = first.await.unwrap().unwrap();
    assert!(first.ids.execution != withdrawn.job.execution_id);
    assert_eq!(world.status(first.ids).await, Status::Pending);
}

#[tokio::test]
async fn a_full_queue_frees_no_key_whose_holder_may_go_on() {
    let world = World::with(&["--max-queue=1"]);
    let slow = world.reserved(SHORT).await;
    let other = world.submission(None);
    world.record(&other).await;
    assert_eq!(code(world.submit().await), Code::QueueFull);
    world.record(&slow).await;
    assert_eq!(
        world.submit().await.unwrap(),
        Accepted::again(slow.job.key())
    );
}
