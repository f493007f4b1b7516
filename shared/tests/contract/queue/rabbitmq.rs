//! What only RabbitMQ can get wrong: lost connections, deleted queues, messages that are no jobs, mixed-up verdicts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use lapin::uri::AMQPUri;
use longshore_shared::error::PublishError;
use longshore_shared::queue::JobQueue;
use longshore_shared::queue::rabbitmq::RabbitQueue;
use tests::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{job, next, nothing, publish_concurrently};
use crate::backends::Rabbit;

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_queue_is_reported_and_made_again() {
    Rabbit::run(async |rabbit| {
        let queue = rabbit.queue();
        queue.publish(&job()).await.unwrap();
        rabbit.delete_queue("executions").await;
        let verdict = queue.publish(&job()).await;
        assert!(
            matches!(verdict, Err(PublishError::Unroutable)),
            "{verdict:?}"
        );
        let second = job();
        queue.publish(&second).await.unwrap();
        assert_eq!(
            next(&mut queue.consume(1)).await.job.execution_id,
            second.execution_id
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_queue_fails_the_check_and_is_made_again_by_it() {
    Rabbit::run(async |rabbit| {
        let queue = rabbit.queue();
        queue.publish(&job()).await.unwrap();
        rabbit.delete_queue("executions").await;
        assert!(queue.check().await.is_err());
        queue.check().await.unwrap();
        queue.publish(&job()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_survives_the_deletion_of_its_queue() {
    Rabbit::run(async |rabbit| {
        let queue = rabbit.queue();
        let mut consumer = queue.consume(1);
        queue.publish(&job()).await.unwrap();
        next(&mut consumer).await.ack().await;
        rabbit.delete_queue("executions").await;
        publish_in_the_end(&queue).await;
        next(&mut consumer).await.ack().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_job_goes_to_the_dead_queue() {
    Rabbit::run(async |rabbit| {
        let queue = rabbit.queue();
        let mut consumer = queue.consume(1);
        queue.check().await.unwrap();
        let (_connection, channel) = rabbit.channel().await;
        let (name, plain) = (rabbit.name("executions"), BasicPublishOptions::default());
        channel
            .basic_publish(
                "".into(),
                name.into(),
                plain,
                b"{}",
                BasicProperties::default(),
            )
            .await
            .unwrap();
        queue.publish(&job()).await.unwrap();
        next(&mut consumer).await.ack().await;
        let dead = timeout(Duration::from_secs(10), async {
            loop {
                let options = BasicGetOptions { no_ack: true };
                match channel
                    .basic_get(rabbit.name("dead").into(), options)
                    .await
                    .unwrap()
                {
                    Some(message) => return message.delivery.data,
                    None => sleep(Duration::from_millis(20)).await,
                }
            }
        });
        assert_eq!(dead.await.expect("it gets there"), b"{}");
        nothing(&mut consumer).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unroutable_job_among_many_has_its_own_verdict() {
    Rabbit::run(async |rabbit| {
        let queue = Arc::new(rabbit.queue().with_max_length(2_000));
        for _ in 0..5 {
            queue.publish(&job()).await.unwrap(); // Declares again what the round before has seen missing.
            rabbit.delete_queue("parked").await; // What is parked now has nowhere to go.
            let mut publishes = JoinSet::new();
            for number in 0..200 {
                let queue = Arc::clone(&queue);
                publishes.spawn(async move {
                    let verdict = if number == 100 {
                        queue.park(&job()).await
                    } else {
                        queue.publish(&job()).await
                    };
                    (number, verdict)
                });
            }
            for (number, verdict) in publishes.join_all().await {
                let own = match verdict {
                    Ok(()) => number != 100,
                    Err(PublishError::Unroutable) => number == 100,
                    Err(_) => false,
                };
                assert!(own, "{number}: {verdict:?}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_of_an_abandoned_publish_reaches_nobody() {
    Rabbit::run(async |rabbit| {
        let queue = Arc::new(rabbit.queue().with_max_length(5_000));
        for _ in 0..5 {
            queue.publish(&job()).await.unwrap();
            rabbit.delete_queue("parked").await; // What is parked now has nowhere to go.
            let mut abandoned = JoinSet::new();
            for number in 0..64 {
                // Ends at some point between the first step and the verdict.
                let (queue, time) = (Arc::clone(&queue), Duration::from_micros(50 * number));
                abandoned.spawn(async move { drop(timeout(time, queue.park(&job())).await) });
            }
            abandoned.join_all().await;
            publish_concurrently(Arc::<RabbitQueue>::clone(&queue), 64).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_made_again_and_lose_no_job() {
    Rabbit::run(async |rabbit| {
        let (proxy, queue) = proxied(&rabbit, "").await;
        let mut consumer = queue.consume(2);
        for _ in 0..5 {
            let first = job();
            queue.publish(&first).await.unwrap();
            let lost = next(&mut consumer).await;
            assert_eq!(lost.job.execution_id, first.execution_id);
            proxy.cut();
            let again = next(&mut consumer).await;
            assert_eq!(again.job.execution_id, first.execution_id);
            lost.ack().await; // Reaches nobody, and does not wait for long.
            again.ack().await;
            publish_in_the_end(&queue).await;
            next(&mut consumer).await.ack().await;
        }
        nothing(&mut consumer).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_broker_costs_a_publish_five_seconds_and_is_left() {
    Rabbit::run(async |rabbit| {
        let (proxy, queue) = proxied(&rabbit, "?heartbeat=1").await;
        let mut consumer = queue.consume(1);
        queue.publish(&job()).await.unwrap();
        next(&mut consumer).await.ack().await;
        proxy.hang(true);
        let began = Instant::now();
        let (verdict, check) = (queue.publish(&job()).await, queue.check().await);
        assert!(
            matches!(verdict, Err(PublishError::Unavailable(_))),
            "{verdict:?}"
        );
        assert!(check.is_err());
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{:?}",
            began.elapsed()
        );
        proxy.hang(false);
        publish_in_the_end(&queue).await;
        next(&mut consumer).await.ack().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_what_was_dropped() {
    Rabbit::run(async |rabbit| {
        let (proxy, queue) = proxied(&rabbit, "").await;
        queue.publish(&job()).await.unwrap();
        let mut consumer = queue.consume(1);
        let delivery = next(&mut consumer).await;
        let unused = queue.consume(1);
        proxy.until_open(3).await;
        drop((queue, consumer, unused));
        proxy.until_open(1).await;
        delivery.ack().await;
        proxy.until_open(0).await;
    })
    .await;
}

/// A queue behind a proxy, and `query` at the end of its address.
async fn proxied(rabbit: &Rabbit, query: &str) -> (Proxy, RabbitQueue) {
    let mut uri: AMQPUri = rabbit.url.parse().unwrap();
    let proxy = Proxy::to((uri.authority.host.clone(), uri.authority.port)).await;
    uri.authority.host = proxy.address.ip().to_string();
    uri.authority.port = proxy.address.port();
    let queue = RabbitQueue::open(&format!("{uri}{query}"), &rabbit.namespace).unwrap();
    (proxy, queue)
}

/// While the connection is being made again, a publish may be refused.
async fn publish_in_the_end(queue: &RabbitQueue) {
    let publishing = async {
        while let Err(error) = queue.publish(&job()).await {
            assert!(!matches!(error, PublishError::Full), "{error}");
        }
    };
    timeout(Duration::from_secs(30), publishing)
        .await
        .expect("published in the end");
}
