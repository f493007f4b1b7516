//! The record.

use std::time::Duration;

use async_trait::async_trait;
use longshore_shared::error::{AcceptError, LeaseError, Unavailable};
use longshore_shared::execution::{CancelReason, Ending, Execution};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::job::Job;
use longshore_shared::session::{Session, SessionMode};
use longshore_shared::store::{
    Cancelled, Claim, Claimant, Closed, ExecutionStore, Lease, LostLease, Reaped, Verdict,
    Withdrawn,
};
use tokio::sync::broadcast;

use crate::Unreliable;

#[async_trait]
impl ExecutionStore for Unreliable<dyn ExecutionStore> {
    async fn accept(&self, job: &Job, mode: SessionMode) -> Result<(), AcceptError> {
        self.faults.around(self.inner.accept(job, mode)).await
    }

    async fn dispatched(&self, key: ExecutionKey) -> Result<(), Unavailable> {
        self.faults.around(self.inner.dispatched(key)).await
    }

    async fn undispatched(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        self.faults
            .around(self.inner.undispatched(age, limit))
            .await
    }

    async fn overdue(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable> {
        self.faults.around(self.inner.overdue(age, limit)).await
    }

    async fn pending(&self) -> Result<u64, Unavailable> {
        self.faults.around(self.inner.pending()).await
    }

    async fn claim(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable> {
        self.faults.around(self.inner.claim(job, claimant)).await
    }

    async fn renew(
        &self,
        lease: &Lease,
        length: Duration,
    ) -> Result<Option<CancelReason>, LeaseError> {
        self.faults.around(self.inner.renew(lease, length)).await
    }

    async fn release(&self, lease: &Lease) -> Result<LostLease, LeaseError> {
        self.faults.around(self.inner.release(lease)).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Job>, LeaseError> {
        self.faults
            .around(self.inner.finish(lease, ending, transcript))
            .await
    }

    async fn cancel(
        &self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<Cancelled, Unavailable> {
        self.faults.around(self.inner.cancel(key, reason)).await
    }

    async fn withdraw(&self, key: ExecutionKey, ending: &Ending) -> Result<Withdrawn, Unavailable> {
        self.faults.around(self.inner.withdraw(key, ending)).await
    }

    async fn close(&self, session: SessionId) -> Result<Closed, Unavailable> {
        self.faults.around(self.inner.close(session)).await
    }

    fn cancellations(&self) -> broadcast::Receiver<ExecutionKey> {
        self.inner.cancellations()
    }

    async fn lost(&self, grace: Duration, limit: usize) -> Result<Vec<LostLease>, Unavailable> {
        self.faults.around(self.inner.lost(grace, limit)).await
    }

    async fn reap(
        &self,
        lost: &LostLease,
        grace: Duration,
        verdict: &Verdict,
    ) -> Result<Reaped, Unavailable> {
        self.faults
            .around(self.inner.reap(lost, grace, verdict))
            .await
    }

    async fn locate(&self, execution: ExecutionId) -> Result<Option<ExecutionKey>, Unavailable> {
        self.faults.around(self.inner.locate(execution)).await
    }

    async fn execution(&self, key: ExecutionKey) -> Result<Option<Execution>, Unavailable> {
        self.faults.around(self.inner.execution(key)).await
    }

    async fn session(&self, session: SessionId) -> Result<Option<Session>, Unavailable> {
        self.faults.around(self.inner.session(session)).await
    }

    async fn up_for(&self) -> Result<Duration, Unavailable> {
        self.faults.around(self.inner.up_for()).await
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.faults.around(self.inner.check()).await
    }
}
