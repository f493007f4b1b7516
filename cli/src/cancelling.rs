//! Cancelling an execution while it is still watched.

use futures_util::future::{BoxFuture, FutureExt as _, TryFutureExt as _};

use crate::client::Api;

/// A wish to cancel, and the request that carries it.
pub(crate) struct Cancelling<'a> {
    api: &'a Api,
    execution: &'a str,
    /// Asked for, and not refused so far.
    asked: bool,
    request: Option<BoxFuture<'a, anyhow::Result<()>>>,
}

impl<'a> Cancelling<'a> {
    pub(crate) fn new(api: &'a Api, execution: &'a str) -> Self {
        Self {
            api,
            execution,
            asked: false,
            request: None,
        }
    }

    /// Asks for it; false where it is asked for already. After a failure it may be asked for again.
    pub(crate) fn ask(&mut self) -> bool {
        if self.asked {
            return false;
        }
        self.asked = true;
        let cancelling = self.api.cancel(self.execution);
        self.request = Some(cancelling.map_ok(drop).boxed());
        true
    }

    /// What came of asking; nothing comes while no request is under way. Cancel safe.
    ///
    /// # Errors
    /// When the request failed, which may have got through nevertheless.
    pub(crate) async fn outcome(&mut self) -> anyhow::Result<()> {
        let Some(request) = &mut self.request else {
            return std::future::pending().await;
        };
        let outcome = request.await;
        self.request = None;
        self.asked = outcome.is_ok();
        outcome
    }
}
