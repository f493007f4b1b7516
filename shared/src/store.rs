//! The record of every execution and session: who runs what, and how it ended.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::error::{AcceptError, LeaseError, Unavailable};
use crate::execution::{CancelReason, Ending, Execution};
use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::job::{Job, OnWorkerLoss};
use crate::session::{Session, SessionMode};

pub mod memory;
pub mod redis;

/// The record. It alone decides who runs an execution; a message of the queue only says that there is work.
///
/// Every operation is atomic, takes effect on the store's own clock, and is safe to repeat when its answer was lost:
/// the repetition answers as the first one did. States change only here, by the table in `lifecycle`. An execution
/// that ended never changes again.
#[async_trait]
pub trait ExecutionStore: Send + Sync {
    /// Records a pending execution at the end of its session's order.
    ///
    /// The same job again changes nothing. Afterwards it is listed as undispatched until [`Self::dispatched`].
    async fn accept(&self, job: &Job, mode: SessionMode) -> Result<(), AcceptError>;

    /// Notes that the queue has confirmed the job.
    async fn dispatched(&self, key: ExecutionKey) -> Result<(), Unavailable>;

    /// Jobs recorded as pending that were not noted as dispatched for `age`, oldest first, at most `limit`.
    async fn undispatched(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable>;

    /// Jobs that have waited for `age` since they were recorded, given back or answered here, and whose turn it is in their
    /// session, oldest first; of the `limit` that have waited longest, so that it is worth asking again.
    async fn overdue(&self, age: Duration, limit: usize) -> Result<Vec<Job>, Unavailable>;

    /// How many accepted executions wait for a worker, those among them that wait for their session. After a crash it
    /// may be off by what the crash left, for some minutes.
    async fn pending(&self) -> Result<u64, Unavailable>;

    /// Takes a job for a worker: a new attempt with a lease of `length`, and its `status` event in the log.
    ///
    /// A job without a record was lost with the store and is recorded again, unless it is so old that its record
    /// must have ended and expired. The same claimant asking again is given the same attempt.
    async fn claim(&self, job: &Job, claimant: &Claimant) -> Result<Claim, Unavailable>;

    /// Extends a lease; tells whether somebody wants the run ended, which closing its session says too.
    async fn renew(
        &self,
        lease: &Lease,
        length: Duration,
    ) -> Result<Option<CancelReason>, LeaseError>;

    /// Gives up a lease: from now on its execution is lost, whatever the grace, and cannot be renewed; answers what
    /// [`Self::reap`] wants.
    async fn release(&self, lease: &Lease) -> Result<LostLease, LeaseError>;

    /// Ends an execution and its lease: record, `end` event and the session's order in one step.
    ///
    /// All its events must have been appended before. `transcript`, where given, is what the session's next
    /// execution resumes. Answers the job that is next in the session, which the caller publishes; of a closed
    /// session none is, here and wherever else an execution ends.
    async fn finish(
        &self,
        lease: &Lease,
        ending: &Ending,
        transcript: Option<&str>,
    ) -> Result<Option<Job>, LeaseError>;

    /// Ends a pending execution at once, or asks the worker of a running one to end it.
    async fn cancel(
        &self,
        key: ExecutionKey,
        reason: CancelReason,
    ) -> Result<Cancelled, Unavailable>;

    /// Ends an execution that could not be published, unless a worker took it all the same, whatever came of that.
    async fn withdraw(&self, key: ExecutionKey, ending: &Ending) -> Result<Withdrawn, Unavailable>;

    /// Closes a session: from now on nothing is accepted for it, and nothing of it is begun.
    ///
    /// Answers what of it has not ended, which the caller cancels with [`CancelReason::SessionClosed`]; where that does
    /// not happen, claims and renewals say so. A session is kept as long after this as after any other activity.
    async fn close(&self, session: SessionId) -> Result<Closed, Unavailable>;

    /// Every cancellation asked of a running execution. A hint: one that is missed is told by [`Self::renew`].
    fn cancellations(&self) -> broadcast::Receiver<ExecutionKey>;

    /// Running executions whose lease ended more than `grace` ago, or was given up, at most `limit`.
    async fn lost(&self, grace: Duration, limit: usize) -> Result<Vec<LostLease>, Unavailable>;

    /// Gives a lost execution back or ends it, if it is still lost. Any number of workers may try. What is given back
    /// is listed as undispatched until [`Self::dispatched`]. One that was cancelled meanwhile, or whose session was
    /// closed, is not given back: it is lost still, and says so.
    async fn reap(
        &self,
        lost: &LostLease,
        grace: Duration,
        verdict: &Verdict,
    ) -> Result<Reaped, Unavailable>;

    /// Where an execution's data lives; `None` for an unknown or expired one.
    async fn locate(&self, execution: ExecutionId) -> Result<Option<ExecutionKey>, Unavailable>;

    /// The record of an execution.
    async fn execution(&self, key: ExecutionKey) -> Result<Option<Execution>, Unavailable>;

    /// The record of a session.
    async fn session(&self, session: SessionId) -> Result<Option<Session>, Unavailable>;

    /// For how long the store has been up, as it says itself. After a restart the holders of leases need some seconds
    /// to come back, and are not lost for that.
    async fn up_for(&self) -> Result<Duration, Unavailable>;

    /// Whether the store answers; bounded to a few seconds.
    async fn check(&self) -> Result<(), Unavailable>;
}

/// Who wants to run a job.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// The worker, for people.
    pub worker: String,
    /// The token of the lease, if it is given one: new for every delivery, the same when an answer was lost.
    pub token: Uuid,
    /// How long the lease shall be.
    pub lease: Duration,
    /// The attempt that it had and lost, or 0: a new one has a higher number, also where the store has forgotten that one.
    pub had: u32,
}

/// The right to run one attempt and to write its events. Every write compares the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The execution.
    pub key: ExecutionKey,
    /// Which attempt.
    pub attempt: u32,
    /// Known to its holder alone.
    pub token: Uuid,
}

/// What a worker is told that wants to run a job.
#[derive(Debug, Clone)]
pub enum Claim {
    /// Run it.
    Run(Claimed),
    /// It has ended: acknowledge and forget.
    Ended,
    /// Another worker runs it, or is about to be found dead by the reaper: acknowledge and forget.
    RunningElsewhere,
    /// An earlier execution of the session has not ended: park the job.
    SessionBusy,
    /// It has not begun and its session is closed: cancel it.
    SessionClosed,
}

/// A claimed execution.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The lease.
    pub lease: Lease,
    /// Messages that earlier attempts recorded.
    pub messages: u64,
    /// Turns that earlier attempts took.
    pub turns: u32,
    /// The transcript to resume, as given to [`ExecutionStore::finish`] by the session's last execution.
    pub transcript: Option<String>,
    /// The store had forgotten the record, or the attempt that the claimant had; and with it what was done.
    pub forgotten: bool,
}

/// What a cancellation did.
#[derive(Debug, Clone)]
pub enum Cancelled {
    /// It was pending and is cancelled; the job that is next in its session, to be published.
    AtOnce(Option<Box<Job>>),
    /// It runs; its worker was asked.
    Asked,
    /// It had ended before.
    AlreadyEnded,
    /// There is no such execution.
    Unknown,
}

/// What closing a session did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is closed, now or since before; its executions that have not ended, in the order accepted.
    Closed(Vec<ExecutionKey>),
    /// There is no such session.
    Unknown,
}

/// What withdrawing did.
#[derive(Debug, Clone)]
pub enum Withdrawn {
    /// It is ended and will not run; the job that is next in its session, to be published.
    Ended(Option<Box<Job>>),
    /// It is gone, or was ended by somebody else, and will not run.
    NothingToDo,
    /// A worker took it: the publish got through.
    Taken,
}

/// A running execution whose worker stopped renewing.
#[derive(Debug, Clone)]
pub struct LostLease {
    /// The lease that ended.
    pub lease: Lease,
    /// What its client wants done.
    pub on_worker_loss: OnWorkerLoss,
    /// Whether the attempt showed a `tool_use`, and so may have changed the world.
    pub tool_used: bool,
    /// Whether somebody had asked for its end.
    pub cancelled: Option<CancelReason>,
    /// Attempts so far; unlike their numbers, these do not skip.
    pub tries: u32,
}

/// What becomes of a lost execution; `worker_loss` decides it.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Another worker runs it.
    Requeue,
    /// It ends so.
    End(Ending),
}

/// What reaping did.
#[derive(Debug, Clone)]
pub enum Reaped {
    /// It is pending again; the job, to be published.
    Requeued(Box<Job>),
    /// It has ended; the job that is next in its session, to be published.
    Ended(Option<Box<Job>>),
    /// It was renewed, ended or reaped meanwhile.
    NotLost,
}

/// How long records are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// An ended execution's record and events.
    pub execution: Duration,
    /// A session, since its last activity.
    pub session: Duration,
    /// Events of one execution, or a few more; older ones make room.
    pub max_events: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            execution: Duration::from_secs(24 * 3600),
            session: Duration::from_secs(30 * 24 * 3600),
            max_events: 10_000,
        }
    }
}
