//! Keeping the lists clean: what the record has forgotten is removed from them, a little at a time.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::catalogue::{Tidied, Walk};
use tracing::{debug, warn};

use crate::context::Context;

/// The pause between two rounds when all was done. Readers skip what is gone, so nothing waits for this.
const IDLE: Duration = Duration::from_secs(15);

/// The pause when there was more than a round may do: the lists must shrink as fast as they grow, and others need Redis too.
const BUSY: Duration = Duration::from_millis(200);

/// Walks through the lists for ever, while it is this worker's turn.
pub(crate) async fn run(context: Arc<Context>) {
    let mut walk = Walk::default();
    loop {
        let tidied = match context.backends.catalogue.tidy(&mut walk).await {
            Ok(tidied) => tidied,
            Err(error) => {
                warn!(%error, "cannot look through the lists");
                Tidied::default()
            }
        };
        if tidied.changed > 0 {
            debug!(
                changed = tidied.changed,
                "removed from the lists what is gone"
            );
        }
        tokio::time::sleep(if tidied.is_behind { BUSY } else { IDLE }).await;
    }
}
