//! The fleet as its operators see it.

use std::time::Duration;

use longshore_shared::fleet::{Minute, Spread, Worker};
use longshore_shared::id::ExecutionId;
use longshore_shared::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas;

/// The workers that were heard of in the last two minutes.
#[derive(Serialize, ToSchema)]
#[schema(as = Workers)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkersView<'a> {
    workers: Vec<WorkerView<'a>>,
}

/// A worker, as it said last.
#[derive(Serialize, ToSchema)]
#[schema(as = Worker)]
#[serde(deny_unknown_fields)]
struct WorkerView<'a> {
    worker_id: &'a str,
    /// The name of its machine
    host: &'a str,
    version: &'a str,
    #[schema(value_type = schemas::Time)]
    started_at: Timestamp,
    /// Executions that it may run at once
    slots: u16,
    /// Executions that it runs
    slots_used: usize,
    /// Which those are; 100 at most
    #[schema(value_type = Vec<Uuid>, max_items = 100)]
    running: &'a [ExecutionId],
    /// It takes no more, because it is to stop
    draining: bool,
    /// It says how it stands every 5 s
    #[schema(value_type = schemas::Time)]
    last_heartbeat_at: Timestamp,
}

impl<'a> From<&'a [Worker]> for WorkersView<'a> {
    fn from(workers: &'a [Worker]) -> Self {
        let view = |worker: &'a Worker| WorkerView {
            worker_id: &worker.report.worker_id,
            host: &worker.report.host,
            version: &worker.report.version,
            started_at: worker.report.started_at,
            slots: worker.report.slots,
            slots_used: worker.report.slots_used,
            running: &worker.report.running,
            draining: worker.report.draining,
            last_heartbeat_at: worker.last_heartbeat_at,
        };
        Self {
            workers: workers.iter().map(view).collect(),
        }
    }
}

/// How the whole installation does.
#[derive(Serialize, ToSchema)]
#[schema(as = Stats)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatsView {
    /// Executions that wait for a worker, those among them that wait for their session
    pub(crate) pending: u64,
    /// Jobs in the queue that no worker was given; null where the broker does not answer
    #[schema(required)]
    pub(crate) waiting: Option<u64>,
    pub(crate) fleet: FleetView,
    #[schema(value_type = schemas::Checks)]
    pub(crate) engines: serde_json::Value,
    /// The last hour, the oldest first; the minute that it is now is the last
    #[schema(min_items = 60, max_items = 60)]
    pub(crate) minutes: Vec<MinuteView>,
}

/// All listed workers together.
#[derive(Serialize, ToSchema)]
#[schema(as = Fleet)]
#[serde(deny_unknown_fields)]
pub(crate) struct FleetView {
    workers: usize,
    /// Of those, the ones that are to stop
    draining: usize,
    /// Of those that take executions
    slots: u64,
    slots_used: u64,
}

impl From<&[Worker]> for FleetView {
    fn from(workers: &[Worker]) -> Self {
        let reports = || workers.iter().map(|worker| &worker.report);
        let taking = reports().filter(|report| !report.draining);
        Self {
            workers: workers.len(),
            draining: reports().filter(|report| report.draining).count(),
            slots: taking.map(|report| u64::from(report.slots)).sum(),
            slots_used: reports().map(|report| report.slots_used as u64).sum(),
        }
    }
}

/// What was done in a minute. It is told every few seconds, so that the last minute lags a little.
#[derive(Serialize, ToSchema)]
#[schema(as = Minute)]
#[serde(deny_unknown_fields)]
pub(crate) struct MinuteView {
    /// When it began
    #[schema(value_type = schemas::Time)]
    at: Timestamp,
    /// Executions accepted
    accepted: u64,
    /// Attempts begun
    started: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
    /// Of what ended in it
    #[schema(minimum = 0)]
    cost_usd: f64,
    /// From acceptance to the first attempt
    #[schema(required)]
    wait_ms: Option<QuantilesView>,
    /// From the begin of the last attempt to the end
    #[schema(required)]
    run_ms: Option<QuantilesView>,
}

impl From<&Minute> for MinuteView {
    fn from(minute: &Minute) -> Self {
        let tally = &minute.tally;
        Self {
            at: minute.at,
            accepted: tally.accepted,
            started: tally.started,
            completed: tally.completed,
            failed: tally.failed,
            cancelled: tally.cancelled,
            cost_usd: tally.cost_micro_usd as f64 / 1e6,
            wait_ms: QuantilesView::of(&tally.waits),
            run_ms: QuantilesView::of(&tally.runs),
        }
    }
}

/// Of durations in ms, each off by a fifth at most; null where there is none.
#[derive(Serialize, ToSchema)]
#[schema(as = Quantiles)]
#[serde(deny_unknown_fields)]
struct QuantilesView {
    #[schema(minimum = 0)]
    p50: f64,
    #[schema(minimum = 0)]
    p95: f64,
}

impl QuantilesView {
    fn of(spread: &Spread) -> Option<Self> {
        let ms = |duration: Duration| (duration.as_secs_f64() * 1e4).round() / 10.0;
        Some(Self {
            p50: spread.quantile(0.5).map(ms)?,
            p95: spread.quantile(0.95).map(ms)?,
        })
    }
}
