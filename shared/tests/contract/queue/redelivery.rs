//! What comes again: what was dropped, requeued or parked.

use std::collections::HashSet;

use super::{Queue, job, next, nothing, publish};

promises! {
    a_dropped_delivery_comes_again,
    a_requeued_job_comes_again,
    a_dropped_consumer_keeps_only_what_it_handed_out,
    a_parked_job_comes_back_by_itself,
}

async fn a_dropped_delivery_comes_again(queue: Queue) {
    let ids = publish(&queue, 1).await;
    let mut consumer = queue.consume(1);
    drop(next(&mut consumer).await);
    let again = next(&mut consumer).await;
    assert_eq!(again.job.execution_id, ids[0]);
    again.ack().await;
    nothing(&mut consumer).await;
}

async fn a_requeued_job_comes_again(queue: Queue) {
    let ids = publish(&queue, 1).await;
    let mut consumer = queue.consume(1);
    next(&mut consumer).await.requeue().await;
    let again = next(&mut consumer).await;
    assert_eq!(again.job.execution_id, ids[0]);
    again.ack().await;
    nothing(&mut consumer).await;
}

async fn a_dropped_consumer_keeps_only_what_it_handed_out(queue: Queue) {
    let mut missing: HashSet<_> = publish(&queue, 6).await.into_iter().collect();
    let mut gone = queue.consume(4);
    let (running, lost) = (next(&mut gone).await, next(&mut gone).await);
    missing.remove(&running.job.execution_id);
    drop(gone);
    drop(lost);
    let mut successor = queue.consume(10);
    while !missing.is_empty() {
        let delivery = next(&mut successor).await;
        assert!(
            missing.remove(&delivery.job.execution_id),
            "delivered twice"
        );
        delivery.ack().await;
    }
    nothing(&mut successor).await;
    running.ack().await;
    nothing(&mut successor).await;
}

async fn a_parked_job_comes_back_by_itself(queue: Queue) {
    let parked = job();
    let mut consumer = queue.consume(1);
    queue.park(&parked).await.unwrap();
    nothing(&mut consumer).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.job.execution_id, parked.execution_id);
    delivery.ack().await;
    nothing(&mut consumer).await;
}
