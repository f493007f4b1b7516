//! Keeping the lists clean: what the record has forgotten is removed from them, a little at a time.

use std::sync::Arc;
use std::time::Duration;

use longshore_shared::catalogue::Walk;
use tracing::{debug, warn};

use crate::context::Context;

/// The pause between two rounds when there was nothing to do. Readers skip what is gone, so nothing waits for this.
const IDLE: Duration = Duration::from_secs(15);

/// The pause when there was: the lists must shrink as fast as they grow, and others need Redis too.
const BUSY: Duration = Duration::from_millis(200);

/// Walks through the lists for ever. Any number of workers may do so at once.
pub(crate) async fn run(context: Arc<Context>) {
    let mut walk = Walk::default();
    loop {
        let changed = match context.backends.catalogue.tidy(&mut walk).await {
            Ok(changed) => changed,
            Err(error) => {
                warn!(%error, "cannot look through the lists");
                0
            }
        };
        if changed > 0 {
            debug!(changed, "removed from the lists what is gone");
        }
        tokio::time::sleep(if changed > 0 { BUSY } else { IDLE }).await;
    }
}
