//! The events.

use async_trait::async_trait;
use longshore_shared::error::{LeaseError, Unavailable};
use longshore_shared::event_log::{BackPage, Batch, EventLog, Page, Subscription, Top};
use longshore_shared::id::{EventId, ExecutionKey};
use longshore_shared::store::Lease;

use crate::Unreliable;

#[async_trait]
impl EventLog for Unreliable<dyn EventLog> {
    async fn append(&self, lease: &Lease, batch: &Batch<'_>) -> Result<(), LeaseError> {
        self.faults.around(self.inner.append(lease, batch)).await
    }

    async fn read(
        &self,
        key: ExecutionKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page, Unavailable> {
        self.faults.around(self.inner.read(key, after, limit)).await
    }

    async fn read_back(
        &self,
        key: ExecutionKey,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<BackPage, Unavailable> {
        self.faults
            .around(self.inner.read_back(key, before, limit))
            .await
    }

    async fn top(&self, key: ExecutionKey) -> Result<Top, Unavailable> {
        self.faults.around(self.inner.top(key)).await
    }

    async fn subscribe(&self, key: ExecutionKey) -> Result<Subscription, Unavailable> {
        self.faults.around(self.inner.subscribe(key)).await
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.faults.around(self.inner.check()).await
    }
}
