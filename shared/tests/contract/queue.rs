//! What every queue of jobs promises.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::id::{ExecutionId, SessionId};
use longshore_shared::job::{Job, OnWorkerLoss, RunRequest};
use longshore_shared::queue::memory::MemoryQueue;
use longshore_shared::queue::{Consumer, Delivery, JobQueue};
use longshore_shared::timestamp::Timestamp;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::backends::Rabbit;

type Queue = Arc<dyn JobQueue>;

/// How long a parked job waits and how many jobs there may be, in these tests.
const PARKED_FOR: Duration = Duration::from_secs(1);
const LIMIT: u32 = 2_000;

macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $promise() {
                let queue = crate::queue::MemoryQueue::new(crate::queue::LIMIT as usize, crate::queue::PARKED_FOR);
                super::$promise(crate::queue::Arc::new(queue)).await;
            })*
        }

        mod in_rabbitmq {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                crate::queue::Rabbit::run(async |rabbit| {
                    let queue = rabbit.queue().with_parked_for(crate::queue::PARKED_FOR).with_max_length(crate::queue::LIMIT);
                    super::$promise(crate::queue::Arc::new(queue)).await;
                })
                .await;
            })*
        }
    };
}

mod capacity;
mod delivery;
mod rabbitmq;
mod redelivery;
mod trace;

promises! {
    it_answers,
}

async fn it_answers(queue: Queue) {
    // The connection may have to be made first.
    for _ in 0..5 {
        if queue.check().await.is_ok() {
            return;
        }
    }
    queue.check().await.unwrap();
}

async fn publish(queue: &Queue, count: usize) -> Vec<ExecutionId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let job = job();
        queue.publish(&job).await.unwrap();
        ids.push(job.execution_id);
    }
    ids
}

/// From 64 tasks.
async fn publish_concurrently(queue: Queue, count: usize) -> Vec<ExecutionId> {
    let mut publishers = JoinSet::new();
    for task in 0..64 {
        let (queue, share) = (
            Arc::clone(&queue),
            count / 64 + usize::from(task < count % 64),
        );
        publishers.spawn(async move { publish(&queue, share).await });
    }
    publishers.join_all().await.concat()
}

async fn next(consumer: &mut Box<dyn Consumer>) -> Delivery {
    timeout(Duration::from_secs(20), consumer.next())
        .await
        .expect("a delivery in time")
}

/// That nothing comes can only be seen by waiting.
async fn nothing(consumer: &mut Box<dyn Consumer>) {
    if let Ok(delivery) = timeout(Duration::from_millis(300), consumer.next()).await {
        panic!("delivered: {}", delivery.job.execution_id);
    }
}

fn job() -> Job {
    Job {
        execution_id: ExecutionId::generate(),
        session_id: SessionId::generate(),
        workspace_id: "workspace".parse().unwrap(),
        accepted_at: Timestamp::now(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        traceparent: None,
        request: RunRequest {
            prompt: "Übersetze das: \"\u{1f6a2}\"\n".to_owned(),
            system_prompt: None,
            append_system_prompt: None,
            max_turns: Some(3),
            tools: Some(vec!["Read".to_owned()]),
            model: None,
            stream: true,
            timeout_seconds: Some(60),
            max_budget_usd: Some(0.5),
            on_worker_loss: OnWorkerLoss::Retry,
            metadata: serde_json::from_str(r#"{"ticket": 7}"#).unwrap(),
        },
    }
}
