//! One delivery: the message becomes a job, and its answer goes back on the channel it came on.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Channel, Connection};
use tracing::{debug, error};

use super::broker::ANSWER;
use super::supervisor::within;
use crate::id::ExecutionId;
use crate::job::Job;
use crate::queue::{Acker, Delivery};
use crate::trace::{TRACEPARENT, TraceContext};

/// The channel that deliveries came on. Closed, with its connection, when the last of them is answered.
pub(super) struct Session {
    pub(super) channel: Channel,
    pub(super) _connection: Connection,
}

/// A job that is not handed over yet.
pub(super) struct Incoming {
    job: Job,
    acker: RabbitAcker,
}

impl Incoming {
    /// Reads the message. What is no job goes to the dead-letter queue: it would be none the next time either.
    pub(super) async fn decode(
        delivery: lapin::message::Delivery,
        session: &Arc<Session>,
    ) -> Option<Self> {
        match serde_json::from_slice::<Job>(&delivery.data) {
            Ok(mut job) => {
                continue_trace(&mut job, &delivery.properties);
                let execution = job.execution_id;
                let acker = RabbitAcker {
                    execution,
                    acker: Some(delivery.acker),
                    _session: Arc::clone(session),
                };
                Some(Self { job, acker })
            }
            Err(cause) => {
                // Not the error itself, which may quote the message.
                let (kind, column) = (cause.classify(), cause.column());
                let message_id = delivery
                    .properties
                    .message_id()
                    .as_ref()
                    .map(|id| id.as_str());
                error!(
                    message_id,
                    ?kind,
                    column,
                    "a message is no job; it goes to the dead-letter queue"
                );
                drop(
                    within(
                        ANSWER,
                        delivery.acker.reject(BasicRejectOptions { requeue: false }),
                    )
                    .await,
                );
                None
            }
        }
    }

    /// Whether its channel lives. If not, the broker delivers the job again.
    pub(super) fn is_answerable(&self) -> bool {
        self.acker.acker.as_ref().is_some_and(lapin::Acker::usable)
    }
}

impl From<Incoming> for Delivery {
    fn from(incoming: Incoming) -> Self {
        Self::new(incoming.job, Box::new(incoming.acker))
    }
}

/// The header tells where in its trace the message was sent, if it is the job's own trace.
fn continue_trace(job: &mut Job, properties: &BasicProperties) {
    let header = properties
        .headers()
        .as_ref()
        .and_then(|headers| headers.inner().get(TRACEPARENT));
    let text = header.and_then(AMQPValue::as_long_string);
    let sent =
        text.and_then(|text| TraceContext::parse(std::str::from_utf8(text.as_bytes()).ok()?));
    if let Some(sent) = sent.filter(|sent| sent.trace_id() == job.trace_id) {
        job.traceparent = Some(sent.to_string());
    }
}

struct RabbitAcker {
    execution: ExecutionId,
    /// Taken by the answer.
    acker: Option<lapin::Acker>,
    _session: Arc<Session>,
}

impl RabbitAcker {
    /// An answer that does not get through means one more delivery, which its receiver can tell and drop.
    async fn answer(&self, answer: impl Future<Output = lapin::Result<bool>>) {
        match within(ANSWER, answer).await {
            Ok(true) => {}
            Ok(false) => {
                debug!(execution = %self.execution, "answered on a lost connection: it is delivered again")
            }
            Err(cause) => {
                debug!(execution = %self.execution, %cause, "not answered: it is delivered again")
            }
        }
    }
}

const REQUEUE: BasicNackOptions = BasicNackOptions {
    multiple: false,
    requeue: true,
};

#[async_trait]
impl Acker for RabbitAcker {
    async fn ack(mut self: Box<Self>) {
        if let Some(acker) = self.acker.take() {
            self.answer(acker.ack(BasicAckOptions::default())).await;
        }
    }

    async fn requeue(mut self: Box<Self>) {
        if let Some(acker) = self.acker.take() {
            self.answer(acker.nack(REQUEUE)).await;
        }
    }
}

impl Drop for RabbitAcker {
    fn drop(&mut self) {
        if let Some(acker) = self.acker.take() {
            // lapin queues the answer when first polled, and sends it whether or not somebody waits.
            let _ = acker.nack(REQUEUE).now_or_never();
        }
    }
}
