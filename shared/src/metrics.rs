//! What is measured: every metric once, with its meaning, and the text that Prometheus reads.
//!
//! Label values come from small fixed sets and never hold an id. Where nothing is installed, measuring costs nothing.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

mod kinds;
mod process;

use kinds::Kind;
pub use kinds::{Counter, Gauge, Held, Histogram, Metric};

/// What the text is, for the header `content-type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How often what histograms have gathered is counted, also when nobody reads it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Of an answer within this system.
const ANSWERS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Of a run of the CLI, which takes seconds to hours.
const RUNS: &[f64] = &[
    1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0, 86_400.0,
];

/// Makes a constant of every metric, and tables of those that a program has.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $table:ident { $(
        $metric:ident: $kind:ident $(($buckets:ident))?, $unit:ident, $name:literal, [$($label:literal),*], $help:literal;
    )* })*) => { $(
        $(#[$doc])*
        pub const $table: &[Metric] = &[$($metric.0),*];
        $(
            #[doc = $help]
            pub const $metric: $kind = $kind(Metric {
                name: $name,
                unit: Unit::$unit,
                help: $help,
                kind: Kind::$kind $(($buckets))?,
                labels: &[$($label),*],
            });
        )*
    )* };
}

catalogue! {
    /// Of every program.
    PROCESS {
        START_TIME: Gauge, Seconds, "process_start_time_seconds", [],
            "When the program started, in seconds since 1970";
        RESIDENT_MEMORY: Gauge, Bytes, "process_resident_memory_bytes", [],
            "Memory that the program holds";
        OPEN_FDS: Gauge, Count, "process_open_fds", [],
            "Open files and sockets; absent where the system does not tell";
        PUBLISH_DURATION: Histogram(ANSWERS), Seconds, "longshore_publish_duration_seconds", [],
            "From a job's publishing to RabbitMQ's confirm";
    }

    /// Of the API.
    API {
        HTTP_REQUESTS: Counter, Count, "longshore_http_requests_total", ["method", "route", "status"],
            "Requests answered";
        HTTP_REQUEST_DURATION: Histogram(ANSWERS), Seconds, "longshore_http_request_duration_seconds", ["method", "route"],
            "From a request to the begin of its answer";
        EXECUTIONS_ACCEPTED: Counter, Count, "longshore_executions_accepted_total", [],
            "Executions answered with 202: recorded and queued";
        QUEUE_DEPTH: Gauge, Count, "longshore_queue_depth", [],
            "Executions that are pending, in the whole installation";
        WEBSOCKETS: Gauge, Count, "longshore_websockets", [],
            "Open WebSockets";
        EVENTS_STREAMED: Counter, Count, "longshore_events_streamed_total", [],
            "Events given to clients, each once for every client, over whatever they read";
        BYTES_STREAMED: Counter, Bytes, "longshore_bytes_streamed_total", [],
            "The size of the frames of those events";
        SPLICE_REREADS: Counter, Count, "longshore_splice_rereads_total", ["reason"],
            "Times a live stream went back to the record: a hole in it, a doubt (overflow, new connection, missed probe), a lost tail";
    }

    /// Of the worker.
    WORKER {
        SLOTS: Gauge, Count, "longshore_slots", [],
            "Executions that may run at once";
        SLOTS_USED: Gauge, Count, "longshore_slots_used", [],
            "Executions that run now";
        EXECUTIONS_ENDED: Counter, Count, "longshore_executions_ended_total", ["status", "code"],
            "Executions whose end this worker stored";
        EXECUTION_DURATION: Histogram(RUNS), Seconds, "longshore_execution_duration_seconds", [],
            "From an execution's claim to its stored end";
        ATTEMPTS: Counter, Count, "longshore_attempts_total", [],
            "Attempts begun";
        LEASE_LOSSES: Counter, Count, "longshore_lease_losses_total", [],
            "Attempts that lost their lease to another worker or to the end of the record";
        LEASE_FREEZES: Counter, Count, "longshore_lease_freezes_total", [],
            "Times a run was frozen because its lease could not be renewed";
        EVENTS_PUBLISHED: Counter, Count, "longshore_events_published_total", [],
            "Events appended to the log";
        BYTES_PUBLISHED: Counter, Bytes, "longshore_bytes_published_total", [],
            "The size of the frames of those events";
        APPEND_DURATION: Histogram(ANSWERS), Seconds, "longshore_append_duration_seconds", [],
            "From sending a batch of events to the log's answer";
        EXECUTIONS_REAPED: Counter, Count, "longshore_executions_reaped_total", ["verdict"],
            "Executions of lost workers that this worker requeued or ended";
    }
}

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to measure what a program has. Called again, what is measured already stays as it is.
pub fn install(tables: &[&[Metric]]) {
    RECORDER.get_or_init(start);
    START_TIME.set(process::started());
    for metric in tables.iter().copied().flatten() {
        metric.begin();
    }
}

fn start() -> PrometheusHandle {
    let mut builder = PrometheusBuilder::new();
    for metric in [PROCESS, API, WORKER].into_iter().flatten() {
        if let Kind::Histogram(buckets) = metric.kind {
            // Refused is only an empty list.
            builder = builder
                .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)
                .unwrap_or_else(|_| PrometheusBuilder::new());
        }
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Fails where the program that holds this library measures by itself; what is shown then is empty.
    let _ = metrics::set_global_recorder(recorder);
    handle
}

/// All that is measured, in Prometheus' text format; empty before [`install`].
#[must_use]
pub fn render() -> String {
    let Some(recorder) = RECORDER.get() else {
        return String::new();
    };
    process::look();
    recorder.render()
}

/// Keeps what histograms gather from growing while nobody reads it, until it is dropped.
pub async fn upkeep() -> Infallible {
    let mut due = tokio::time::interval(UPKEEP);
    loop {
        due.tick().await;
        if let Some(recorder) = RECORDER.get() {
            recorder.run_upkeep();
        }
    }
}

#[cfg(test)]
mod tests;
