//! What operators are promised of the fleet.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::error::Unavailable;
use longshore_shared::execution::{EndKind, Ending};
use longshore_shared::fleet::{
    Counter, Fleet, MINUTES, Minute, Tallies, Tally, Worker, WorkerReport,
};
use longshore_shared::id::ExecutionId;
use longshore_shared::store::Retention;
use longshore_shared::timestamp::Timestamp;
use longshore_shared::usage::Usage;
use uuid::Uuid;

use crate::engines::over_every_engine;

over_every_engine! { Retention::default() =>
    a_worker_is_listed_as_it_said_last,
    workers_are_listed_by_their_start,
    a_worker_that_left_is_listed_no_more,
    an_hour_is_shown_and_ends_now,
    what_all_counters_count_is_added_up,
    a_count_that_is_sent_again_is_counted_once,
}

fn report(worker: &str, started_at: i64) -> WorkerReport {
    WorkerReport {
        worker_id: worker.to_owned(),
        host: "here".to_owned(),
        version: "1.2.3".to_owned(),
        started_at: Timestamp(started_at),
        slots: 4,
        slots_used: 1,
        running: vec![ExecutionId::generate()],
        draining: false,
    }
}

async fn a_worker_is_listed_as_it_said_last(on: Backends) {
    let first = report("one", 5);
    on.fleet.report(&first).await.unwrap();
    let last = WorkerReport {
        slots_used: 0,
        running: Vec::new(),
        draining: true,
        ..first
    };
    on.fleet.report(&last).await.unwrap();
    let workers = on.fleet.workers().await.unwrap();
    let [
        Worker {
            report,
            last_heartbeat_at,
        },
    ] = &workers[..]
    else {
        panic!("{workers:?}");
    };
    assert_eq!(*report, last);
    assert!(last_heartbeat_at.age() < Duration::from_secs(60));
}

async fn workers_are_listed_by_their_start(on: Backends) {
    for (worker, started_at) in [("b", 7), ("c", 3), ("a", 7)] {
        on.fleet.report(&report(worker, started_at)).await.unwrap();
    }
    assert_eq!(listed(&on).await, ["c", "a", "b"]);
}

async fn a_worker_that_left_is_listed_no_more(on: Backends) {
    on.fleet.report(&report("one", 1)).await.unwrap();
    on.fleet.report(&report("two", 2)).await.unwrap();
    for _ in 0..2 {
        on.fleet.leave("one").await.unwrap();
    }
    assert_eq!(listed(&on).await, ["two"]);
}

async fn an_hour_is_shown_and_ends_now(on: Backends) {
    let minutes = on.fleet.history().await.unwrap();
    assert_eq!(minutes.len(), MINUTES);
    for pair in minutes.windows(2) {
        assert_eq!(pair[1].at.0 - pair[0].at.0, 60_000);
    }
    let last = minutes[MINUTES - 1].at;
    assert_eq!(last.0 % 60_000, 0);
    assert!(last.age() < Duration::from_secs(120), "{last}");
    assert!(minutes.iter().all(|minute| minute.tally.is_empty()));
}

async fn what_all_counters_count_is_added_up(on: Backends) {
    let ending = Ending {
        kind: EndKind::Completed,
        result: None,
        error: None,
        cost_usd: 0.25,
        usage: Usage::default(),
        after: None,
    };
    for _ in 0..2 {
        let (tallies, mut counter) = (Tallies::default(), Counter::default());
        for waited in [20, 40] {
            tallies.accepted();
            tallies.started(Some(Duration::from_millis(waited)));
            tallies.ended(&ending, Some(Duration::from_secs(3)));
            counter.tell(&*on.fleet, &tallies).await.unwrap();
        }
        tallies.cancelled();
        counter.tell(&*on.fleet, &tallies).await.unwrap();
        counter.tell(&*on.fleet, &tallies).await.unwrap();
    }
    let sum = sum(&on).await;
    assert_eq!((sum.accepted, sum.started, sum.completed), (4, 4, 4));
    assert_eq!((sum.failed, sum.cancelled), (0, 2));
    assert_eq!(sum.cost_micro_usd, 1_000_000);
    assert_eq!((sum.waits.count(), sum.runs.count()), (4, 4));
    let typical = sum.runs.quantile(0.5).unwrap();
    assert!((2.4..3.6).contains(&typical.as_secs_f64()), "{typical:?}");
}

/// The engine counts, and its first answers are lost.
async fn a_count_that_is_sent_again_is_counted_once(on: Backends) {
    let fleet = Deaf(&*on.fleet);
    let (tallies, mut counter) = (Tallies::default(), Counter::default());
    tallies.accepted();
    for _ in 0..3 {
        assert!(counter.tell(&fleet, &tallies).await.is_err());
        tallies.accepted();
    }
    counter.tell(&*on.fleet, &tallies).await.unwrap();
    assert_eq!(sum(&on).await.accepted, 4);
}

/// A fleet that does what it is told and never answers.
struct Deaf<'a>(&'a dyn Fleet);

#[async_trait::async_trait]
impl Fleet for Deaf<'_> {
    async fn report(&self, report: &WorkerReport) -> Result<(), Unavailable> {
        self.0.report(report).await.and(lost())
    }

    async fn leave(&self, worker: &str) -> Result<(), Unavailable> {
        self.0.leave(worker).await.and(lost())
    }

    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        self.0.workers().await
    }

    async fn count(&self, counter: Uuid, number: u64, tally: &Tally) -> Result<(), Unavailable> {
        self.0.count(counter, number, tally).await.and(lost())
    }

    async fn history(&self) -> Result<Vec<Minute>, Unavailable> {
        self.0.history().await
    }
}

fn lost() -> Result<(), Unavailable> {
    Err(Unavailable::redis("the answer is lost"))
}

async fn listed(on: &Backends) -> Vec<String> {
    let workers = on.fleet.workers().await.unwrap();
    let ids = workers.into_iter().map(|worker| worker.report.worker_id);
    ids.collect()
}

/// What was counted in the last hour, which may have begun a new minute meanwhile.
async fn sum(on: &Backends) -> Tally {
    let minutes = on.fleet.history().await.unwrap();
    let mut sum = Tally::default();
    for minute in minutes {
        sum += &minute.tally;
    }
    sum
}
