//! The record and the log on every backend, each test in a namespace of its own.

use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::config::ClusterSettings;
use longshore_shared::event::{Event, frame};
use longshore_shared::event_log::Batch;
use longshore_shared::execution::{EndKind, Ending};
use longshore_shared::id::{EventId, ExecutionId, SessionId};
use longshore_shared::job::{Job, OnWorkerLoss, RunRequest};
use longshore_shared::session::SessionMode;
use longshore_shared::store::{Claim, Claimant, Claimed, Retention};
use longshore_shared::timestamp::Timestamp;
use longshore_shared::tls::TlsSettings;
use longshore_shared::usage::Usage;
use tests::services::{Engines, empty_redis};
use uuid::Uuid;

use crate::backends::{namespace, service};

pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// Makes a test of every named function for every backend.
macro_rules! over_every_engine {
    ($retention:expr => $($test:ident),+ $(,)?) => {
        mod on_memory {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                super::$test(Backends::memory($retention)).await;
            })+
        }
        mod on_redis {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                crate::engines::on_redis($retention, super::$test).await;
            })+
        }
    };
}
pub(crate) use over_every_engine;

/// Runs a test on Redis and removes its keys.
pub(crate) async fn on_redis<F: Future<Output = ()>>(
    retention: Retention,
    test: impl FnOnce(Backends) -> F,
) {
    let Some(redis_url) = service("LONGSHORE_TEST_REDIS_URL") else {
        return;
    };
    let namespace = namespace();
    let settings = ClusterSettings {
        amqp_url: "amqp://127.0.0.1:1/%2f".to_owned(), // Nothing is queued here.
        redis_url: redis_url.clone(),
        namespace: namespace.clone(),
        tls: TlsSettings::default(),
    };
    let backends = Backends::cluster(&settings, retention).unwrap();
    // Many thousand rounds take half a minute, and several times as long on a busy machine.
    tokio::time::timeout(Duration::from_secs(400), test(backends))
        .await
        .expect("the test ends in time");
    let engines = Engines {
        amqp_url: settings.amqp_url,
        redis_url,
    };
    empty_redis(&engines, &namespace).await;
}

pub(crate) fn job(session: SessionId) -> Job {
    Job {
        execution_id: ExecutionId::generate(),
        session_id: session,
        workspace_id: "demo".parse().unwrap(),
        accepted_at: Timestamp::now(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        traceparent: None,
        request: RunRequest {
            prompt: "Hello".to_owned(),
            system_prompt: None,
            append_system_prompt: None,
            max_turns: Some(4),
            tools: None,
            model: None,
            stream: false,
            timeout_seconds: None,
            max_budget_usd: None,
            on_worker_loss: OnWorkerLoss::Auto,
            metadata: serde_json::from_str(r#"{"a": 1.50}"#).unwrap(),
        },
    }
}

/// A pending execution of a new session.
pub(crate) async fn accepted(backends: &Backends) -> Job {
    let job = job(SessionId::generate());
    backends
        .store
        .accept(&job, SessionMode::Begin)
        .await
        .unwrap();
    job
}

/// A pending execution that continues another's session.
pub(crate) async fn continued(backends: &Backends, first: &Job) -> Job {
    let job = job(first.session_id);
    backends
        .store
        .accept(&job, SessionMode::Continue)
        .await
        .unwrap();
    job
}

/// A worker's request, with a token of its own.
pub(crate) fn claimant(lease: Duration) -> Claimant {
    Claimant {
        had: 0,
        worker: "worker-1".to_owned(),
        token: Uuid::new_v4(),
        lease,
    }
}

pub(crate) async fn claimed_for(backends: &Backends, job: &Job, lease: Duration) -> Claimed {
    match backends.store.claim(job, &claimant(lease)).await.unwrap() {
        Claim::Run(claimed) => claimed,
        other => panic!("not to be run: {other:?}"),
    }
}

pub(crate) async fn claimed(backends: &Backends, job: &Job) -> Claimed {
    claimed_for(backends, job, LEASE).await
}

/// A running execution of a new session.
pub(crate) async fn running(backends: &Backends) -> (Job, Claimed) {
    let job = accepted(backends).await;
    let claimed = claimed(backends, &job).await;
    (job, claimed)
}

pub(crate) fn completed() -> Ending {
    let result = serde_json::from_str(r#"{"text":"done"}"#).unwrap();
    Ending {
        kind: EndKind::Completed,
        result: Some(result),
        error: None,
        cost_usd: 0.25,
        usage: Usage {
            input_tokens: 10,
            output_tokens: 20,
            cache_creation_input_tokens: 3,
            cache_read_input_tokens: 4,
        },
        after: None,
    }
}

pub(crate) fn message(job: &Job, attempt: u32, seq: u64) -> Event {
    frame::claude_message(
        job.execution_id,
        EventId { attempt, seq },
        &format!(r#"{{"n":{seq}}}"#),
    )
}

/// Messages of the first attempt with these numbers.
pub(crate) fn messages(job: &Job, seqs: impl IntoIterator<Item = u64>) -> Vec<Event> {
    seqs.into_iter().map(|seq| message(job, 1, seq)).collect()
}

pub(crate) fn batch(events: &[Event]) -> Batch<'_> {
    Batch {
        events,
        turns: 1,
        tool_used: false,
        with_hole: false,
    }
}
