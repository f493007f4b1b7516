//! The end of a schedule: everything must end, and the record must be whole.

use std::collections::BTreeSet;
use std::time::Duration;

use longshore_shared::event::Kind;
use longshore_shared::execution::{CancelReason, Status};
use longshore_shared::id::{EventId, ExecutionKey};
use longshore_shared::store::LostLease;
use proptest::prelude::*;

use super::model::Answer;
use super::steps::Deed;
use super::world::World;
use crate::engines::{LEASE, claimant};

/// More than there ever are.
const ALL: usize = 10_000;

impl World<'_> {
    /// All workers are gone and new ones come, to whom nothing is delivered: all must end by what the record lists.
    pub(super) async fn end(mut self) -> Result<(), TestCaseError> {
        self.check_lists().await?;
        // In every round each session's oldest ends, if only by its cancellation.
        let mut rounds = self.model.entries().len() + 1;
        while self.model.is_alive() {
            prop_assert!(rounds > 0, "some do not end");
            self.round().await?;
            rounds -= 1;
        }
        for place in 0..self.model.entries().len() {
            let entry = &self.model.entries()[place];
            let (key, events) = (entry.key, entry.events);
            self.check(key).await?;
            self.check_log(key, events).await?;
        }
        prop_assert_eq!(self.on.store.pending().await.unwrap(), self.waited);
        prop_assert!(self.ours_lost().await.is_empty());
        Ok(())
    }

    async fn round(&mut self) -> Result<(), TestCaseError> {
        for lease in self.leases.clone() {
            if self.model.is_running(lease.key) {
                self.deed(&lease, Deed::Sleep, false).await?;
            }
        }
        for lost in self.ours_lost().await {
            self.reap(&lost.lease, lost.cancelled.is_none()).await?;
        }
        let overdue = self.on.store.overdue(Duration::ZERO, ALL).await.unwrap();
        for job in overdue {
            let claim = match self.model.entry(job.execution_id) {
                Some(_) => self.claim(&job, &claimant(LEASE)).await?,
                None => continue, // Of a schedule that failed before.
            };
            match claim {
                Answer::Run => {
                    let lease = self.leases.last().cloned().expect("it was just given");
                    self.deed(&lease, Deed::Append, false).await?;
                    self.deed(&lease, Deed::Complete, false).await?;
                }
                Answer::SessionClosed => {
                    self.cancel(job.key(), CancelReason::SessionClosed).await?;
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        Ok(())
    }

    async fn ours_lost(&self) -> Vec<LostLease> {
        let mut lost = self.on.store.lost(Duration::ZERO, ALL).await.unwrap();
        lost.retain(|lost| self.leases.contains(&lost.lease));
        lost
    }

    /// What waits is counted, and what was not noted as queued is listed.
    async fn check_lists(&self) -> Result<(), TestCaseError> {
        let entries = self.model.entries().iter();
        let pending = entries.filter(|entry| entry.status == Status::Pending);
        let waiting = self.on.store.pending().await.unwrap();
        prop_assert_eq!(waiting - self.waited, pending.clone().count() as u64);
        let listed = self
            .on
            .store
            .undispatched(Duration::ZERO, ALL)
            .await
            .unwrap();
        let listed: BTreeSet<_> = listed.iter().map(|job| job.execution_id).collect();
        for entry in pending {
            let id = entry.key.execution;
            prop_assert!(
                entry.dispatched || listed.contains(&id),
                "{} is not listed",
                id
            );
        }
        Ok(())
    }

    /// The events are as many as there should be, in order and without holes; the last of them, and no other, is the end.
    async fn check_log(&self, key: ExecutionKey, events: usize) -> Result<(), TestCaseError> {
        let page = self.on.log.read(key, None, ALL).await.unwrap();
        prop_assert_eq!(page.events.len(), events);
        let mut last: Option<EventId> = None;
        for (place, event) in page.events.iter().enumerate() {
            let id = event.id.expect("it is recorded");
            prop_assert!(id.follows(last), "{} after {:?}", id, last);
            prop_assert_eq!(event.kind == Kind::End, place + 1 == events);
            last = Some(id);
        }
        Ok(())
    }
}
