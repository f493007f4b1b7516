//! The record under random schedules of clients, of workers that die, sleep and come back, and of reapers; every answer
//! is held to a model of what it must be, and in the end everything has ended.

use longshore_shared::backends::Backends;
use longshore_shared::store::Retention;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRunner};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::engines::on_redis;

mod all_ends;
mod model;
mod steps;
mod world;

use steps::turn;
use world::World;

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
