//! A worker's life, from start to stop.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::shutdown::Shutdown;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::claude::{self, Stop};
use crate::config::WorkerSettings;
use crate::context::{Context, StartError};
use crate::{consumer, heartbeat, janitor, reaper, reconciler};

/// A cheap handle on one worker.
#[derive(Clone)]
pub struct Worker {
    pub(crate) context: Arc<Context>,
}

/// How long an interrupted run may take to end: each step of a stop has its bound, and this is more than their sum.
const INTERRUPT: Duration = Duration::from_secs(30);

impl Worker {
    /// Checks the settings, and tries the sandbox where there is to be one; takes no job yet.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn new(backends: Backends, settings: WorkerSettings) -> Result<Self, StartError> {
        let context = Arc::new(Context::new(backends, settings).await?);
        Ok(Self { context })
    }

    /// Takes and runs jobs until it is to stop, then lets runs end until the drain time is over or it is to hurry.
    ///
    /// What has not ended by then is interrupted and handed back: `on_worker_loss` decides, as for a worker that died.
    pub async fn run(&self, shutdown: Shutdown) {
        if claude::find_claude(&self.context.settings.claude).is_none() {
            warn!(program = %self.context.settings.claude.claude_bin.display(), "the Claude CLI was not found; executions will end CLI_NOT_FOUND");
        }
        let swept = claude::sweep().await;
        if swept > 0 {
            warn!(
                workers = swept,
                "killed what dead workers had left on this host"
            );
        }
        info!(
            worker = self.context.id,
            slots = self.context.settings.slots(),
            "taking jobs"
        );
        let background = CancellationToken::new();
        let reaper = tokio::spawn(
            background
                .clone()
                .run_until_cancelled_owned(reaper::run(Arc::clone(&self.context))),
        );
        let pulse = tokio::spawn(
            background
                .clone()
                .run_until_cancelled_owned(self.clone().keep_pulse()),
        );
        let reconciler = tokio::spawn(
            background
                .clone()
                .run_until_cancelled_owned(reconciler::run(Arc::clone(&self.context))),
        );
        let janitor = tokio::spawn(
            background
                .clone()
                .run_until_cancelled_owned(janitor::run(Arc::clone(&self.context))),
        );
        let hints = tokio::spawn(
            background
                .clone()
                .run_until_cancelled_owned(self.clone().heed_cancellations()),
        );
        let heartbeat = tokio::spawn(heartbeat::run(
            Arc::clone(&self.context),
            background.clone(),
        ));
        consumer::run(&self.context, shutdown.stop).await;
        self.drain(&shutdown.hurry).await;
        background.cancel();
        for task in [pulse, reaper, reconciler, janitor, hints] {
            // They end at once when they are cancelled; a panic of theirs was logged by the panic hook.
            let _ = task.await;
        }
        let _ = heartbeat.await; // After its goodbye.
        claude::leave_groups();
        info!("stopped");
    }

    async fn drain(&self, hurry: &CancellationToken) {
        let tasks = &self.context.tasks;
        tasks.close();
        info!(running = tasks.len(), "stopping");
        let drained = tokio::time::timeout(self.context.settings.drain, tasks.wait());
        if let Some(Ok(())) = hurry.run_until_cancelled(drained).await {
            return;
        }
        warn!(running = tasks.len(), "there is no more time; ending runs");
        self.context.running.stop_all(Stop::Drain);
        if tokio::time::timeout(INTERRUPT, tasks.wait()).await.is_err() {
            warn!(running = tasks.len(), "runs did not end");
        }
    }

    /// What the guard has killed is not ours any more, whatever its lease says.
    async fn keep_pulse(self) {
        let woken = || self.context.running.stop_all(Stop::LeaseLost);
        self.context.pulse.keep(woken).await;
    }

    /// Looks at a lease at once when somebody cancels its execution; a hint that is lost costs one renewal period.
    async fn heed_cancellations(self) {
        let mut cancellations = self.context.backends.store.cancellations();
        loop {
            match cancellations.recv().await {
                Ok(key) => self.context.running.nudge(key),
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    self.context.running.nudge_all()
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}
