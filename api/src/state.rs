//! What every handler shares.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use longshore_shared::backends::Backends;
use longshore_shared::config::InvalidSetting;
use longshore_shared::execution::Execution;
use longshore_shared::fleet::Tallies;
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::session::Session;
use longshore_shared::shutdown::Shutdown;
use tokio_util::task::TaskTracker;

use crate::config::ApiSettings;
use crate::connections::Connections;
use crate::error::ApiError;
use crate::identity::Caller;
use crate::identity::verifier::Verifier;

/// Between two goodbyes of a server that stops, as long as all of them fit into [`SPREAD`].
const BETWEEN: Duration = Duration::from_millis(2);

/// Within which all connections have said goodbye.
const SPREAD: Duration = Duration::from_secs(5);

/// A cheap handle: every layer and every handler of a request has one.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

/// What all handles of a server share.
pub struct Inner {
    pub(crate) backends: Backends,
    pub(crate) settings: ApiSettings,
    /// Tells callers by their tokens; `None` where there is no key and everybody is anonymous.
    pub(crate) verifier: Option<Verifier>,
    /// The connections that stay open, and their limits.
    pub(crate) connections: Connections,
    /// What it has counted and not yet told the fleet.
    pub(crate) tallies: Tallies,
    /// Where the server is with its own end.
    pub(crate) stopping: Shutdown,
    /// What the server waits for when it stops: open sockets and streams, and work that must not be left half done.
    pub(crate) tasks: TaskTracker,
}

impl Deref for ApiState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl ApiState {
    /// The state of a server on these backends.
    ///
    /// # Errors
    /// When a key for tokens cannot be used.
    pub fn new(backends: Backends, settings: ApiSettings) -> Result<Self, InvalidSetting> {
        Ok(Self(Arc::new(Inner {
            backends,
            verifier: Verifier::open(&settings.identity)?,
            connections: Connections::new(&settings),
            settings,
            tallies: Tallies::default(),
            stopping: Shutdown::default(),
            tasks: TaskTracker::new(),
        })))
    }

    /// Ends when a connection that stays open is to say goodbye. Each has a moment of its own, so that not all of their
    /// clients come to another server at once.
    pub(crate) async fn farewell(&self) {
        self.stopping.stop.cancelled().await;
        let open = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        let spread = BETWEEN.saturating_mul(open).min(SPREAD);
        let turn = tokio::time::sleep(spread.mul_f64(fastrand::f64()));
        self.stopping.hurry.run_until_cancelled(turn).await;
    }

    /// Finds where the execution that a path names has its data, for whoever may see it.
    pub(crate) async fn locate(&self, id: ExecutionId) -> Result<ExecutionKey, ApiError> {
        self.backends
            .store
            .locate(id)
            .await?
            .ok_or_else(ApiError::execution_not_found)
    }

    /// Reads a session; one that the caller may not see does not exist for it.
    ///
    /// # Errors
    /// 404 also where it was kept no longer.
    pub(crate) async fn session(
        &self,
        id: SessionId,
        caller: &Caller,
    ) -> Result<Session, ApiError> {
        let session = self.backends.store.session(id).await?;
        session
            .filter(|session| caller.sees(&session.workspace_id))
            .ok_or_else(ApiError::session_not_found)
    }

    /// Reads an execution; one that the caller may not see does not exist for it.
    ///
    /// # Errors
    /// 404 also where it was kept no longer.
    pub(crate) async fn execution(
        &self,
        key: ExecutionKey,
        caller: &Caller,
    ) -> Result<Execution, ApiError> {
        let execution = self.backends.store.execution(key).await?;
        execution
            .filter(|execution| caller.sees(&execution.workspace_id))
            .ok_or_else(ApiError::execution_not_found)
    }
}
