//! The queue; what it delivers, it delivers as ever.

use async_trait::async_trait;
use longshore_shared::error::{PublishError, Unavailable};
use longshore_shared::job::Job;
use longshore_shared::queue::{Consumer, JobQueue};

use crate::Unreliable;

#[async_trait]
impl JobQueue for Unreliable<dyn JobQueue> {
    async fn publish(&self, job: &Job) -> Result<(), PublishError> {
        self.faults.around(self.inner.publish(job)).await
    }

    async fn park(&self, job: &Job) -> Result<(), PublishError> {
        self.faults.around(self.inner.park(job)).await
    }

    fn consume(&self, prefetch: u16) -> Box<dyn Consumer> {
        self.inner.consume(prefetch)
    }

    async fn waiting(&self) -> Result<u64, Unavailable> {
        self.faults.around(self.inner.waiting()).await
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.faults.around(self.inner.check()).await
    }
}
