//! Where the engines are, under the names that Longshore's own programs use.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Args)]
pub struct Engines {
    #[arg(long, env = "LONGSHORE_AMQP_URL")]
    amqp_url: String,
    #[arg(long, env = "LONGSHORE_REDIS_URL")]
    redis_url: String,
    #[arg(long, env = "LONGSHORE_NAMESPACE")]
    namespace: String,
}

impl Engines {
    pub(crate) async fn amqp(&self) -> anyhow::Result<Connection> {
        let connecting = Connection::connect(&self.amqp_url, ConnectionProperties::default());
        connecting.await.context("RabbitMQ")
    }

    pub(crate) fn redis_client(&self) -> anyhow::Result<redis::Client> {
        redis::Client::open(self.redis_url.as_str()).context("Redis")
    }

    pub(crate) async fn redis(&self) -> anyhow::Result<MultiplexedConnection> {
        let client = self.redis_client()?;
        // The library's default of half a second is short for a machine that is kept busy on purpose.
        let patient = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        let connecting = client.get_multiplexed_async_connection_with_config(&patient);
        connecting.await.context("Redis")
    }

    pub(crate) fn queue(&self) -> String {
        format!("{}.executions", self.namespace)
    }

    /// A quorum queue, as Longshore's.
    pub(crate) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let mut arguments = FieldTable::default();
        arguments.insert(
            "x-queue-type".into(),
            AMQPValue::LongString("quorum".into()),
        );
        let queue = self.queue();
        channel
            .queue_declare(
                queue.as_str().into(),
                QueueDeclareOptions::durable(),
                arguments,
            )
            .await?;
        Ok(())
    }

    /// The stream of an execution's events.
    pub(crate) fn log(&self, execution: Uuid) -> String {
        format!("{}:events:{execution}", self.namespace)
    }

    pub(crate) fn channel(&self, execution: Uuid) -> String {
        self.channels().replace('*', &execution.to_string())
    }

    /// The pattern of all channels.
    pub(crate) fn channels(&self) -> String {
        format!("{}:live:*", self.namespace)
    }
}
