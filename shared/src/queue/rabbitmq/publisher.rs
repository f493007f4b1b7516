//! Publishing with a verdict for each job: one outstanding publish a channel, on a bounded number of channels.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::DropGuard;

use super::broker::Broker;
use super::link::{self, Link, Live};
use super::supervisor::Failure;
use crate::error::{PublishError, Unavailable};
use crate::job::Job;
use crate::metrics::PUBLISH_DURATION;
use crate::trace::TRACEPARENT;

/// Publishes at once. More bring no more confirms a second, and fewer bring less.
const CHANNELS: usize = 16;

/// For the whole of a publish, with waiting for its turn and for a connection.
const VERDICT: Duration = Duration::from_secs(5);

/// Before a job that was refused is offered again. Short, since a queue that is full has many waiting for their turn.
const REFUSED: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// For a check, likewise.
const CHECK: Duration = Duration::from_secs(2);

/// Publishes on a connection of its own, so that a broker that stops reading it does not stop the consumers' acks.
pub(super) struct Publisher {
    queue: String,
    link: watch::Receiver<Link>,
    turns: Semaphore,
    _connection: DropGuard,
}

impl Publisher {
    pub(super) fn start(broker: Arc<Broker>) -> Self {
        let queue = broker.topology.executions.clone();
        let (link, connection) = link::keep(broker);
        Self {
            queue,
            link,
            turns: Semaphore::new(CHANNELS),
            _connection: connection,
        }
    }

    /// Puts the job into `queue`, for ever or for some time. The verdict is in when this returns `Ok`, `Full` or
    /// `Unroutable`. Dropped half way, the job may have been queued.
    pub(super) async fn publish(
        &self,
        queue: &str,
        job: &Job,
        expires: Option<Duration>,
    ) -> Result<(), PublishError> {
        let body = serde_json::to_vec(job).map_err(Unavailable::rabbitmq)?;
        let message = Message {
            queue,
            body,
            properties: properties(job, expires),
        };
        let asked = Instant::now();
        timeout(VERDICT, self.send(message))
            .await
            .unwrap_or_else(|_| Err(self.silence(VERDICT).into()))
            .inspect(|()| PUBLISH_DURATION.took(asked.elapsed()))
    }

    /// How many jobs the broker has in the queue that it has given to nobody.
    pub(super) async fn waiting(&self) -> Result<u64, Unavailable> {
        timeout(CHECK, self.look())
            .await
            .unwrap_or_else(|_| Err(self.silence(CHECK)))
    }

    /// A quorum queue on a busy broker also refuses what it has room for: a channel's first message, where the channel
    /// could not be registered in time. So it is asked again before it is believed to be full. What was refused is not
    /// queued.
    async fn send(&self, message: Message<'_>) -> Result<(), PublishError> {
        for pause in REFUSED {
            match self.send_once(&message).await {
                Err(PublishError::Full) => sleep(pause).await,
                verdict => return verdict,
            }
        }
        self.send_once(&message).await
    }

    async fn send_once(&self, message: &Message<'_>) -> Result<(), PublishError> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.map_err(Unavailable::rabbitmq)?;
        let (live, channel) = self.channel().await?;
        let confirmation = match message.publish(&channel).await {
            Ok(confirmation) => confirmation,
            Err(error) => return Err(broken(&live, error).into()),
        };
        match confirmation {
            Confirmation::Ack(None) => {
                live.give_back(channel);
                Ok(())
            }
            // A channel that has got to know a queue by a leader that is dead is refused for ever, by RabbitMQ 3.10 at
            // least: the next one asks who leads.
            Confirmation::Nack(None) => Err(PublishError::Full),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                live.give_back(channel);
                live.forget_declaration();
                Err(PublishError::Unroutable)
            }
            Confirmation::NotRequested => {
                Err(Unavailable::rabbitmq("a channel without confirms").into())
            }
        }
    }

    async fn look(&self) -> Result<u64, Unavailable> {
        let (live, channel) = self.channel().await?;
        let passive = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::durable()
        };
        match channel
            .queue_declare(self.queue.as_str().into(), passive, FieldTable::default())
            .await
        {
            Ok(queue) => {
                live.give_back(channel);
                Ok(queue.message_count().into())
            }
            Err(error) => {
                live.forget_declaration();
                Err(broken(&live, error))
            }
        }
    }

    /// A channel on a connection that takes jobs; waits for one. Nothing was sent yet, so a connection that proves to
    /// be lost costs no verdict: the next one is waited for.
    async fn channel(&self) -> Result<(Arc<Live>, Channel), Unavailable> {
        let mut link = self.link.clone();
        loop {
            // The sender lives as long as this publisher.
            let state = link
                .wait_for(|link| matches!(link, Link::Up(_)))
                .await
                .map_err(Unavailable::rabbitmq)?
                .clone();
            let Link::Up(live) = state else { continue };
            match live.channel().await {
                Ok(channel) => return Ok((live, channel)),
                Err(failure) if live.check().is_ok() => return Err(Unavailable::rabbitmq(failure)),
                Err(_) => link.changed().await.map_err(Unavailable::rabbitmq)?,
            }
        }
    }

    fn silence(&self, bound: Duration) -> Unavailable {
        let bound = bound.as_secs();
        match &*self.link.borrow() {
            Link::Down(failure) => {
                Unavailable::rabbitmq(format!("no connection within {bound} s: {failure}"))
            }
            Link::Blocked => {
                Unavailable::rabbitmq("the broker is out of memory or disk and takes no jobs")
            }
            Link::Up(_) => Unavailable::rabbitmq(format!("no verdict within {bound} s")),
        }
    }
}

/// The channel is dropped by the caller; the connection is too, if it is the cause.
fn broken(live: &Live, error: lapin::Error) -> Unavailable {
    let cause = live.check().err().unwrap_or_else(|| Failure::new(error));
    Unavailable::rabbitmq(cause)
}

struct Message<'a> {
    queue: &'a str,
    body: Vec<u8>,
    properties: BasicProperties,
}

impl Message<'_> {
    /// Mandatory: without it the broker confirms what it throws away.
    async fn publish(&self, channel: &Channel) -> lapin::Result<Confirmation> {
        let mandatory = BasicPublishOptions {
            mandatory: true,
            ..Default::default()
        };
        let sent = channel
            .basic_publish(
                "".into(),
                self.queue.into(),
                mandatory,
                &self.body,
                self.properties.clone(),
            )
            .await?;
        sent.await
    }
}

fn properties(job: &Job, expires: Option<Duration>) -> BasicProperties {
    const PERSISTENT: u8 = 2;
    let mut headers = FieldTable::default();
    if let Some(traceparent) = &job.traceparent {
        headers.insert(
            TRACEPARENT.into(),
            AMQPValue::LongString(traceparent.as_str().into()),
        );
    }
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_message_id(job.execution_id.to_string().into())
        .with_headers(headers);
    match expires {
        Some(time) => properties.with_expiration(time.as_millis().to_string().into()),
        None => properties,
    }
}
