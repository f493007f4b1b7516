//! A queue that is full.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use longshore_shared::error::PublishError;
use longshore_shared::id::ExecutionId;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{LIMIT, Queue, job, next};

promises! {
    a_full_queue_refuses_and_keeps_what_it_has,
}

async fn a_full_queue_refuses_and_keeps_what_it_has(queue: Queue) {
    let mut kept = HashSet::new();
    let full = loop {
        match publish_together(&queue).await {
            (ids, None) => kept.extend(ids),
            (ids, Some(error)) => {
                kept.extend(ids);
                break error;
            }
        }
        // A broker notices the maximum with some delay.
        assert!(kept.len() < 2 * LIMIT as usize, "never full");
    };
    assert!(matches!(full, PublishError::Full), "{full}");
    assert!(kept.len() >= LIMIT as usize, "{} were taken", kept.len());
    let mut consumer = queue.consume(200);
    while !kept.is_empty() {
        let delivery = next(&mut consumer).await;
        assert!(
            kept.remove(&delivery.job.execution_id),
            "refused, and delivered"
        );
        delivery.ack().await;
    }
    publish_when_there_is_room(&queue).await;
    next(&mut consumer).await.ack().await;
}

/// Sixteen at once: the ids of those that were taken, and an error of one that was not.
async fn publish_together(queue: &Queue) -> (Vec<ExecutionId>, Option<PublishError>) {
    let mut publishes = JoinSet::new();
    for _ in 0..16 {
        let (queue, job) = (Arc::clone(queue), job());
        publishes.spawn(async move { queue.publish(&job).await.map(|()| job.execution_id) });
    }
    let (mut ids, mut refused) = (Vec::new(), None);
    for verdict in publishes.join_all().await {
        match verdict {
            Ok(id) => ids.push(id),
            Err(error) => refused = Some(error),
        }
    }
    (ids, refused)
}

async fn publish_when_there_is_room(queue: &Queue) {
    let publishing = async {
        while let Err(error) = queue.publish(&job()).await {
            assert!(matches!(error, PublishError::Full), "{error}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), publishing)
        .await
        .expect("there is room again");
}
