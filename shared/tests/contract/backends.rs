//! The services that the suite runs against, each test in a namespace of its own.

use std::panic::resume_unwind;
use std::time::Duration;

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Channel, Connection, ConnectionProperties};
use longshore_shared::queue::rabbitmq::RabbitQueue;
use tokio::time::timeout;
use uuid::Uuid;

/// No test waits longer; what is shorter is said where it is.
const TEST: Duration = Duration::from_secs(60);

/// The address in `variable`. Without one the test does not run, and fails where services are required.
#[expect(
    clippy::disallowed_methods,
    reason = "these variables are the suite's own settings"
)]
pub(crate) fn service(variable: &str) -> Option<String> {
    let address = std::env::var(variable)
        .ok()
        .filter(|address| !address.is_empty());
    if address.is_none() {
        let required =
            std::env::var("LONGSHORE_TEST_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "{variable} is not set, and LONGSHORE_TEST_REQUIRE_SERVICES=1: see deploy/services"
        );
        println!("not run: {variable} is not set");
    }
    address
}

/// A name that no other test has.
pub(crate) fn namespace() -> String {
    format!("test-{}", Uuid::new_v4())
}

/// A namespace in RabbitMQ.
#[derive(Clone)]
pub(crate) struct Rabbit {
    pub(crate) url: String,
    pub(crate) namespace: String,
}

impl Rabbit {
    /// Runs `test` in a new namespace, and deletes that however the test ends.
    pub(crate) async fn run<F: Future<Output = ()> + Send + 'static>(
        test: impl FnOnce(Rabbit) -> F,
    ) {
        let Some(url) = service("LONGSHORE_TEST_AMQP_URL") else {
            return;
        };
        let rabbit = Rabbit {
            url,
            namespace: namespace(),
        };
        let outcome = tokio::spawn(timeout(TEST, test(rabbit.clone()))).await;
        rabbit.delete_all().await;
        match outcome {
            Ok(in_time) => in_time.expect("the test ends in time"),
            Err(error) => resume_unwind(error.into_panic()),
        }
    }

    pub(crate) fn queue(&self) -> RabbitQueue {
        RabbitQueue::open(&self.url, &self.namespace).unwrap()
    }

    pub(crate) fn name(&self, of: &str) -> String {
        format!("{}.{of}", self.namespace)
    }

    /// A connection past the code under test.
    pub(crate) async fn channel(&self) -> (Connection, Channel) {
        let connecting = Connection::connect(&self.url, ConnectionProperties::default());
        let connection = timeout(Duration::from_secs(10), connecting)
            .await
            .unwrap()
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    pub(crate) async fn delete_queue(&self, of: &str) {
        let (_connection, channel) = self.channel().await;
        channel
            .queue_delete(self.name(of).into(), QueueDeleteOptions::default())
            .await
            .unwrap();
    }

    async fn delete_all(&self) {
        let (_connection, channel) = self.channel().await;
        for of in ["executions", "parked", "dead"] {
            channel
                .queue_delete(self.name(of).into(), QueueDeleteOptions::default())
                .await
                .unwrap();
        }
        channel
            .exchange_delete(self.name("dead").into(), ExchangeDeleteOptions::default())
            .await
            .unwrap();
    }
}
