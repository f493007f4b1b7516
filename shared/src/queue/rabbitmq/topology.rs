//! The queues and exchanges of a namespace, and their declaration.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

/// Their names.
#[derive(Clone)]
pub(super) struct Topology {
    /// The jobs.
    pub(super) executions: String,
    /// Jobs that wait; when their time is over they go to `executions`.
    pub(super) parked: String,
    /// What could not be delivered: an exchange for whoever wants it, and a queue that keeps it.
    dead: String,
    pub(super) max_length: Option<u32>,
}

impl Topology {
    pub(super) fn new(namespace: &str) -> Self {
        Self {
            executions: format!("{namespace}.executions"),
            parked: format!("{namespace}.parked"),
            dead: format!("{namespace}.dead"),
            max_length: None,
        }
    }

    /// Declares everything; what is there already stays as it is.
    ///
    /// Arguments are part of a queue's identity, so that a changed one would be refused wherever the queue exists:
    /// here is only what never changes, and every limit is a policy.
    pub(super) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..Default::default()
        };
        let (dead, none) = (self.dead.as_str(), FieldTable::default());
        channel
            .exchange_declare(dead.into(), ExchangeKind::Fanout, durable, none.clone())
            .await?;
        queue(channel, dead, &[]).await?;
        channel
            .queue_bind(
                dead.into(),
                dead.into(),
                "".into(),
                QueueBindOptions::default(),
                none,
            )
            .await?;
        let back = [
            ("x-dead-letter-exchange", text("")),
            ("x-dead-letter-routing-key", text(&self.executions)),
        ];
        queue(channel, &self.parked, &back).await?;
        queue(channel, &self.executions, &self.executions_arguments()).await
    }

    fn executions_arguments(&self) -> Vec<(&'static str, AMQPValue)> {
        let mut arguments = vec![("x-dead-letter-exchange", text(&self.dead))];
        if let Some(jobs) = self.max_length {
            arguments.push(("x-max-length", AMQPValue::LongLongInt(jobs.into())));
            arguments.push(("x-overflow", text("reject-publish")));
        }
        arguments
    }
}

/// A quorum queue: replicated where there are several brokers, and on disk before it confirms.
async fn queue(
    channel: &Channel,
    name: &str,
    arguments: &[(&'static str, AMQPValue)],
) -> lapin::Result<()> {
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), text("quorum"));
    for (argument, value) in arguments {
        table.insert((*argument).into(), value.clone());
    }
    channel
        .queue_declare(name.into(), QueueDeclareOptions::durable(), table)
        .await?;
    Ok(())
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
