//! What is published is delivered: once, in order, no faster than it is settled.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Queue, job, next, nothing, publish, publish_concurrently};

promises! {
    a_job_arrives_as_it_was_published,
    one_consumer_gets_them_in_order,
    concurrent_publishes_are_each_delivered_once,
    two_consumers_share,
    prefetch_bounds_what_is_outstanding,
}

async fn a_job_arrives_as_it_was_published(queue: Queue) {
    let job = job();
    queue.publish(&job).await.unwrap();
    let delivery = next(&mut queue.consume(1)).await;
    assert_eq!(
        serde_json::to_value(&delivery.job).unwrap(),
        serde_json::to_value(&job).unwrap()
    );
    delivery.ack().await;
}

async fn one_consumer_gets_them_in_order(queue: Queue) {
    let ids = publish(&queue, 100).await;
    let mut consumer = queue.consume(10);
    for id in ids {
        let delivery = next(&mut consumer).await;
        assert_eq!(delivery.job.execution_id, id);
        delivery.ack().await;
    }
    nothing(&mut consumer).await;
}

async fn concurrent_publishes_are_each_delivered_once(queue: Queue) {
    let publishers = tokio::spawn(publish_concurrently(Arc::clone(&queue), 1_000));
    let mut consumer = queue.consume(50);
    let mut delivered = HashSet::new();
    for _ in 0..1_000 {
        let delivery = next(&mut consumer).await;
        assert!(
            delivered.insert(delivery.job.execution_id),
            "delivered twice"
        );
        delivery.ack().await;
    }
    let published: HashSet<_> = publishers.await.unwrap().into_iter().collect();
    assert_eq!(delivered, published);
    nothing(&mut consumer).await;
}

async fn two_consumers_share(queue: Queue) {
    let mut missing: HashSet<_> = publish(&queue, 20).await.into_iter().collect();
    let (mut one, mut other) = (queue.consume(1), queue.consume(1));
    for _ in 0..10 {
        let both = [next(&mut one).await, next(&mut other).await];
        for delivery in both {
            assert!(
                missing.remove(&delivery.job.execution_id),
                "delivered twice"
            );
            delivery.ack().await;
        }
    }
    assert!(missing.is_empty());
}

async fn prefetch_bounds_what_is_outstanding(queue: Queue) {
    let ids = publish(&queue, 4).await;
    let mut consumer = queue.consume(2);
    let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
    nothing(&mut consumer).await;
    first.ack().await;
    let third = next(&mut consumer).await;
    assert_eq!(third.job.execution_id, ids[2]);
    nothing(&mut consumer).await;
    drop((second, third));
}
