//! The clients' keys.

use async_trait::async_trait;
use longshore_shared::error::Unavailable;
use longshore_shared::id::ExecutionKey;
use longshore_shared::idempotency::{Holder, IdempotencyKey, IdempotencyKeys, Reservation};

use crate::Unreliable;

#[async_trait]
impl IdempotencyKeys for Unreliable<dyn IdempotencyKeys> {
    async fn reserve(
        &self,
        key: &IdempotencyKey,
        fingerprint: &str,
        ids: ExecutionKey,
        holder: Holder,
    ) -> Result<Reservation, Unavailable> {
        self.faults
            .around(self.inner.reserve(key, fingerprint, ids, holder))
            .await
    }

    async fn hold(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        self.faults.around(self.inner.hold(key, holder)).await
    }

    async fn settle(&self, key: &IdempotencyKey, holder: Holder) -> Result<bool, Unavailable> {
        self.faults.around(self.inner.settle(key, holder)).await
    }

    async fn free(&self, key: &IdempotencyKey, holder: Holder) -> Result<(), Unavailable> {
        self.faults.around(self.inner.free(key, holder)).await
    }
}
