//! What happens in a schedule, and to whom.

use longshore_shared::execution::CancelReason;
use proptest::prelude::*;
use proptest::sample::Index;

use super::world::World;
use crate::engines::{LEASE, claimant, job};

pub(super) const SESSIONS: u8 = 3;

/// Something happens. Its answer may be lost, and it is asked again.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    step: Step,
    again: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A client executes something in a session.
    Accept(u8),
    /// A message comes whose record the store has lost.
    Stray(u8),
    /// The queue has confirmed one.
    Dispatched(Index),
    /// Any message is delivered, late or once more as it may be.
    Deliver(Index),
    /// Who was once given a lease does something, whether it is still theirs or not.
    Holder(Index, Deed),
    /// A client cancels.
    Cancel(Index),
    /// An API could not publish one.
    Withdraw(Index),
    /// A client closes a session.
    Close(u8),
    /// Somebody takes a lease for lost, rightly or not, and gives the execution back or ends it.
    Reap(Index, bool),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Append,
    Renew,
    /// It renews no more in time.
    Sleep,
    Release,
    Complete,
    Fail,
}

pub(super) fn turn() -> impl Strategy<Value = Turn> {
    let deed = prop_oneof![
        4 => Just(Deed::Append),
        2 => Just(Deed::Renew),
        2 => Just(Deed::Sleep),
        1 => Just(Deed::Release),
        2 => Just(Deed::Complete),
        1 => Just(Deed::Fail),
    ];
    let which = any::<Index>;
    let step = prop_oneof![
        4 => (0..SESSIONS).prop_map(Step::Accept),
        1 => (0..SESSIONS).prop_map(Step::Stray),
        2 => which().prop_map(Step::Dispatched),
        8 => which().prop_map(Step::Deliver),
        12 => (which(), deed).prop_map(|(lease, deed)| Step::Holder(lease, deed)),
        2 => which().prop_map(Step::Cancel),
        1 => which().prop_map(Step::Withdraw),
        1 => (0..SESSIONS).prop_map(Step::Close),
        4 => (which(), any::<bool>()).prop_map(|(lease, gives_back)| Step::Reap(lease, gives_back)),
    ];
    (step, prop::bool::weighted(0.2)).prop_map(|(step, again)| Turn { step, again })
}

impl World<'_> {
    pub(super) async fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        let again = turn.again;
        match &turn.step {
            Step::Accept(session) => {
                let job = job(self.sessions[usize::from(*session)]);
                for _ in 0..=u8::from(again) {
                    self.accept(&job).await?;
                }
                self.jobs.push(job);
            }
            Step::Stray(session) => self.jobs.push(job(self.sessions[usize::from(*session)])),
            Step::Close(session) => {
                self.close(self.sessions[usize::from(*session)]).await?;
            }
            Step::Holder(which, deed) if !self.leases.is_empty() => {
                let lease = which.get(&self.leases).clone();
                self.deed(&lease, *deed, again).await?;
            }
            Step::Reap(which, gives_back) if !self.leases.is_empty() => {
                let lease = which.get(&self.leases).clone();
                self.reap(&lease, *gives_back).await?;
            }
            Step::Dispatched(which) if !self.jobs.is_empty() => {
                let key = which.get(&self.jobs).key();
                self.on.store.dispatched(key).await.unwrap();
                self.model.dispatched(key);
            }
            Step::Deliver(which) if !self.jobs.is_empty() => {
                let (job, claimant) = (which.get(&self.jobs).clone(), claimant(LEASE));
                for _ in 0..=u8::from(again) {
                    self.claim(&job, &claimant).await?;
                }
            }
            Step::Cancel(which) if !self.jobs.is_empty() => {
                let key = which.get(&self.jobs).key();
                self.cancel(key, CancelReason::Requested).await?;
            }
            Step::Withdraw(which) if !self.jobs.is_empty() => {
                self.withdraw(which.get(&self.jobs).key()).await?;
            }
            _ => {} // Of what there is none yet.
        }
        Ok(())
    }
}
