//! Consuming: a task that keeps a connection up and hands over what comes on it.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{debug, info};

use super::broker::{ANSWER, Broker, DELETION, open_channel};
use super::delivery::{Incoming, Session};
use super::supervisor::{Attempts, Failure, within};
use crate::queue::{Consumer, Delivery};

/// The receiving end; its task ends when it is dropped.
pub(super) struct RabbitConsumer {
    incoming: mpsc::Receiver<Incoming>,
}

impl RabbitConsumer {
    pub(super) fn start(broker: Broker, prefetch: u16) -> Self {
        let prefetch = prefetch.max(1); // 0 means without limit in AMQP.
        let (handover, incoming) = mpsc::channel(prefetch.into());
        tokio::spawn(async move {
            let mut attempts = Attempts::new("consumer");
            while let Err(failure) = session(&broker, prefetch, &handover, &mut attempts).await {
                attempts.failed(failure).await;
            }
        });
        Self { incoming }
    }
}

#[async_trait]
impl Consumer for RabbitConsumer {
    async fn next(&mut self) -> Delivery {
        loop {
            match self.incoming.recv().await {
                Some(incoming) if incoming.is_answerable() => return incoming.into(),
                Some(_) => debug!("dropped a delivery of a lost connection: it comes again"),
                // The task ends only with its runtime, and then this is polled no more.
                None => std::future::pending().await,
            }
        }
    }
}

/// One connection, from its making to its end. `Ok` when the consumer is gone.
async fn session(
    broker: &Broker,
    prefetch: u16,
    handover: &mpsc::Sender<Incoming>,
    attempts: &mut Attempts,
) -> Result<(), Failure> {
    tokio::select! {
        () = handover.closed() => Ok(()),
        started = Started::start(broker, prefetch) => {
            let started = started?;
            attempts.connected();
            started.run(handover).await
        }
    }
}

struct Started {
    session: Arc<Session>,
    deliveries: lapin::Consumer,
}

impl Started {
    async fn start(broker: &Broker, prefetch: u16) -> Result<Self, Failure> {
        let connection = broker.connect("consumer").await?;
        let channel = open_channel(&connection).await?;
        within(
            ANSWER,
            channel.basic_qos(prefetch, BasicQosOptions::default()),
        )
        .await?;
        let (queue, none) = (broker.topology.executions.as_str(), FieldTable::default());
        let consume = channel.basic_consume(
            queue.into(),
            "".into(),
            BasicConsumeOptions::default(),
            none,
        );
        let deliveries = within(ANSWER, consume).await?;
        info!(prefetch, "taking jobs from RabbitMQ");
        let session = Arc::new(Session {
            channel,
            _connection: connection,
        });
        Ok(Self {
            session,
            deliveries,
        })
    }

    async fn run(mut self, handover: &mpsc::Sender<Incoming>) -> Result<(), Failure> {
        loop {
            tokio::select! {
                biased;
                () = handover.closed() => {
                    self.stop().await;
                    return Ok(());
                }
                delivery = self.deliveries.next() => {
                    let Some(delivery) = delivery else { return Err(self.cancelled().await) };
                    self.take(delivery.map_err(Failure::new)?, handover).await;
                }
            }
        }
    }

    async fn take(&self, delivery: lapin::message::Delivery, handover: &mpsc::Sender<Incoming>) {
        if let Some(incoming) = Incoming::decode(delivery, &self.session).await {
            // A refused one is dropped, and so goes back to the queue.
            drop(handover.send(incoming).await);
        }
    }

    /// The queue was deleted, and is declared by the next attempt.
    async fn cancelled(self) -> Failure {
        drop(self);
        sleep(DELETION).await;
        Failure::new("the broker ended the consumer: the queue is gone")
    }

    /// Tells the broker to send no more and puts back what it had sent already. The channel stays open for the
    /// deliveries that were handed out, which may be running for hours: without this theirs would wait as long.
    async fn stop(mut self) {
        let cancel = self
            .session
            .channel
            .basic_cancel(self.deliveries.tag(), BasicCancelOptions::default());
        if within(ANSWER, cancel).await.is_err() {
            return; // The connection ends, and all that is unacknowledged goes back.
        }
        // Ends with what lapin had received before the broker's answer.
        while let Some(Ok(delivery)) = self.deliveries.next().await {
            drop(Incoming::decode(delivery, &self.session).await);
        }
    }
}
