//! The queue in RabbitMQ: quorum queues, publisher confirms, and supervisors that keep the connections up.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;

use self::broker::Broker;
use self::consumer::RabbitConsumer;
use self::publisher::Publisher;
use super::{Consumer, JobQueue};
use crate::config::InvalidSetting;
use crate::error::{PublishError, Unavailable};
use crate::job::Job;
use crate::queue::PARKED_FOR;
use crate::tls::Tls;

mod broker;
mod consumer;
mod delivery;
mod link;
mod publisher;
mod socket;
mod supervisor;
mod topology;

/// The jobs of one namespace in RabbitMQ.
///
/// One connection publishes, made at the first use; each consumer has one of its own. All are made again for ever,
/// and all end when the queue and its consumers are dropped.
pub struct RabbitQueue {
    broker: Broker,
    parked_for: Duration,
    publisher: OnceLock<Publisher>,
}

impl RabbitQueue {
    /// The jobs of `namespace` at an address like `amqp://user:password@host:5672/%2f`, with several hosts of a cluster
    /// where there are commas between them. Returns at once.
    ///
    /// # Errors
    /// When the address cannot be one.
    pub fn open(url: &str, namespace: &str) -> Result<Self, InvalidSetting> {
        let broker = Broker::new(url, namespace)?;
        Ok(Self {
            broker,
            parked_for: PARKED_FOR,
            publisher: OnceLock::new(),
        })
    }

    /// Knows the broker, and is known to it, by these.
    #[must_use]
    pub(crate) fn with_tls(mut self, tls: &Tls) -> Self {
        self.broker.tls = broker::config(tls);
        self
    }

    /// Gives parked jobs back after `time`.
    #[must_use]
    pub fn with_parked_for(self, time: Duration) -> Self {
        Self {
            parked_for: time,
            ..self
        }
    }

    /// Declares the queue with a maximum length of its own, which no later declaration may contradict. For tests:
    /// operators set the maximum by a policy, which they can change.
    #[must_use]
    pub fn with_max_length(mut self, jobs: u32) -> Self {
        self.broker.topology.max_length = Some(jobs);
        self
    }

    /// Started at first use, so that `open` needs no runtime and a process that never publishes has no connection.
    fn publisher(&self) -> &Publisher {
        self.publisher
            .get_or_init(|| Publisher::start(Arc::new(self.broker.clone())))
    }
}

#[async_trait]
impl JobQueue for RabbitQueue {
    async fn publish(&self, job: &Job) -> Result<(), PublishError> {
        self.publisher()
            .publish(&self.broker.topology.executions, job, None)
            .await
    }

    async fn park(&self, job: &Job) -> Result<(), PublishError> {
        self.publisher()
            .publish(&self.broker.topology.parked, job, Some(self.parked_for))
            .await
    }

    fn consume(&self, prefetch: u16) -> Box<dyn Consumer> {
        Box::new(RabbitConsumer::start(self.broker.clone(), prefetch))
    }

    async fn waiting(&self) -> Result<u64, Unavailable> {
        self.publisher().waiting().await
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.waiting().await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_at_once_and_never_repeated() {
        for good in [
            "amqp://localhost",
            "amqps://user:secret@rabbit:5671/%2f?heartbeat=30",
            "amqp://user:secret@a,b:5673,c/%2f",
        ] {
            assert!(RabbitQueue::open(good, "test").is_ok(), "{good}");
        }
        for bad in [
            "",
            "secret",
            "http://user:secret@host",
            "amqp:secret",
            "amqp://u:secret@[::1]:5672/",
            "amqp://u:secret@a,,b/",
            "amqp://u:secret@a,[::1]/",
            "amqp://h/?heartbeat=secret",
        ] {
            let error = RabbitQueue::open(bad, "test").err().unwrap().to_string();
            assert!(
                error.starts_with("--amqp-url: ") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
