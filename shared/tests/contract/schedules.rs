//! The record under random schedules of clients, of workers that die, sleep and come back, and of reapers; every answer
//! is held to a model of what it must be, and in the end everything has ended.

use longshore_shared::backends::Backends;
use longshore_shared::store::Retention;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestError, TestRunner};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::engines::on_redis;

mod all_ends;
mod model;
mod world;

use world::World;

const SESSIONS: u8 = 3;

#[tokio::test]
async fn the_record_in_memory_is_the_model() {
    holds(|| Backends::memory(Retention::default()), 20_000).await;
}

#[tokio::test]
async fn the_record_in_redis_is_the_model() {
    on_redis(Retention::default(), |on| holds(move || on.clone(), 500)).await;
}

async fn holds(on: impl Fn() -> Backends + Send + 'static, schedules: u32) {
    let config = ProptestConfig {
        cases: schedules,
        failure_persistence: None,
        // The default is several times as slow as all that is tested here.
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    };
    let runtime = Handle::current();
    let run = move || {
        TestRunner::new(config).run(&prop::collection::vec(turn(), 0..40), |turns| {
            runtime.block_on(async {
                let on = on();
                let mut world = World::new(&on).await;
                for turn in &turns {
                    world.take(turn).await?;
                }
                world.end().await
            })
        })
    };
    match spawn_blocking(run).await.unwrap() {
        Ok(()) => {}
        Err(TestError::Fail(why, turns)) => panic!("{why}\nafter {turns:#?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}

/// Something happens. Its answer may be lost, and it is asked again.
#[derive(Debug, Clone)]
struct Turn {
    step: Step,
    again: bool,
}

#[derive(Debug, Clone)]
enum Step {
    /// A client executes something in a session.
    Accept(u8),
    /// A message comes whose record the store has lost.
    Stray(u8),
    /// The queue has confirmed one.
    Dispatched(Index),
    /// Any message is delivered, late or once more as it may be.
    Deliver(Index),
    /// Who was once given a lease does something, whether it is still theirs or not.
    Holder(Index, Deed),
    /// A client cancels.
    Cancel(Index),
    /// An API could not publish one.
    Withdraw(Index),
    /// A client closes a session.
    Close(u8),
    /// Somebody takes a lease for lost, rightly or not, and gives the execution back or ends it.
    Reap(Index, bool),
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Append,
    Renew,
    /// It renews no more in time.
    Sleep,
    Release,
    Complete,
    Fail,
}

fn turn() -> impl Strategy<Value = Turn> {
    let deed = prop_oneof![
        4 => Just(Deed::Append),
        2 => Just(Deed::Renew),
        2 => Just(Deed::Sleep),
        1 => Just(Deed::Release),
        2 => Just(Deed::Complete),
        1 => Just(Deed::Fail),
    ];
    let which = any::<Index>;
    let step = prop_oneof![
        4 => (0..SESSIONS).prop_map(Step::Accept),
        1 => (0..SESSIONS).prop_map(Step::Stray),
        2 => which().prop_map(Step::Dispatched),
        8 => which().prop_map(Step::Deliver),
        12 => (which(), deed).prop_map(|(lease, deed)| Step::Holder(lease, deed)),
        2 => which().prop_map(Step::Cancel),
        1 => which().prop_map(Step::Withdraw),
        1 => (0..SESSIONS).prop_map(Step::Close),
        4 => (which(), any::<bool>()).prop_map(|(lease, gives_back)| Step::Reap(lease, gives_back)),
    ];
    (step, prop::bool::weighted(0.2)).prop_map(|(step, again)| Turn { step, again })
}
