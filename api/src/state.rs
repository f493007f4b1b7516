//! What every handler shares.

use std::sync::Arc;

use longshore_shared::backends::Backends;
use longshore_shared::id::{ExecutionId, ExecutionKey};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::ApiSettings;
use crate::error::ApiError;

/// A cheap handle.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) backends: Backends,
    pub(crate) settings: Arc<ApiSettings>,
    /// Cancelled when the server begins to stop.
    pub(crate) stopping: CancellationToken,
    /// The open sockets, which the server waits for when it stops.
    pub(crate) sockets: TaskTracker,
}

impl ApiState {
    /// The state of a server on these backends.
    #[must_use]
    pub fn new(backends: Backends, settings: ApiSettings) -> Self {
        Self {
            backends,
            settings: Arc::new(settings),
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
        }
    }

    /// Finds the execution that a path names.
    pub(crate) async fn locate(&self, id: ExecutionId) -> Result<ExecutionKey, ApiError> {
        self.backends
            .store
            .locate(id)
            .await?
            .ok_or_else(ApiError::execution_not_found)
    }
}
