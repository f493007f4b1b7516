//! What all executions of a worker share.

use longshore_shared::backends::Backends;
use longshore_shared::config::InvalidSetting;
use longshore_shared::fleet::Tallies;
use longshore_shared::job::Job;
use longshore_shared::timestamp::Timestamp;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tracing::warn;
use uuid::Uuid;

use crate::claude;
use crate::config::WorkerSettings;
use crate::guard::Pulse;
use crate::running::Running;
use crate::runs::Runs;
use crate::transcript::Transcripts;
use crate::workspace::Workspaces;

pub(crate) struct Context {
    /// Unique among all workers of all times.
    pub(crate) id: String,
    /// The name of its machine.
    pub(crate) host: String,
    pub(crate) started_at: Timestamp,
    pub(crate) backends: Backends,
    pub(crate) settings: WorkerSettings,
    pub(crate) workspaces: Workspaces,
    pub(crate) transcripts: Transcripts,
    /// Holds the private folders of running executions; removed with the worker.
    pub(crate) runs: Runs,
    pub(crate) running: Running,
    pub(crate) pulse: Pulse,
    /// What it has counted and not yet told the fleet.
    pub(crate) tallies: Tallies,
    /// The store was found to be away; set back by whoever finds that it is back.
    pub(crate) store_away: watch::Sender<bool>,
    /// The deliveries that are being handled.
    pub(crate) tasks: TaskTracker,
}

/// Why a worker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operator must change a setting.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// The machine does not give what is needed.
    #[error("no temporary folder for runs: {0}")]
    Runs(std::io::Error),
}

impl Context {
    pub(crate) async fn new(
        backends: Backends,
        settings: WorkerSettings,
    ) -> Result<Self, StartError> {
        claude::check_containment(&settings.claude).await?;
        let runs = Runs::create().map_err(StartError::Runs)?;
        Ok(Self {
            id: format!("worker-{}", Uuid::now_v7()),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            started_at: Timestamp::now(),
            backends,
            workspaces: Workspaces::new(settings.workspaces.clone()),
            transcripts: Transcripts::open(&settings.state)
                .map_err(|error| InvalidSetting::new("--state", error))?,
            pulse: Pulse::new(settings.lease),
            tallies: Tallies::default(),
            store_away: watch::Sender::new(false),
            settings,
            runs,
            running: Running::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Queues a job that is listed as undispatched; `false` where the queue does not take it. Then it stays listed, and
    /// the reconciler comes back to it.
    pub(crate) async fn publish_again(&self, job: &Job) -> bool {
        if let Err(error) = self.backends.queue.publish(job).await {
            warn!(execution = %job.execution_id, %error, "could not queue the job again");
            return false;
        }
        if let Err(error) = self.backends.store.dispatched(job.key()).await {
            warn!(execution = %job.execution_id, %error, "could not note that the job is queued");
        }
        true
    }

    /// Queues the job that may run now. Where that fails, its parked copy brings it back.
    pub(crate) async fn publish_next(&self, next: &Job) {
        if let Err(error) = self.backends.queue.publish(next).await {
            warn!(execution = %next.execution_id, %error, "could not queue the session's next job at once");
        }
    }
}
