//! Stopping: what the signals ask of a program.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// What a program was asked; all clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Takes no more work, and ends when what it has begun is done.
    pub stop: CancellationToken,
    /// Waits for nothing any more: what it has begun is broken off in good order. Never without `stop`.
    pub hurry: CancellationToken,
}

/// Asked to stop at the first SIGTERM or SIGINT, and to hurry at the second.
///
/// # Errors
/// When the process may not listen for signals.
pub fn on_signal() -> std::io::Result<Shutdown> {
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let shutdown = Shutdown::default();
    let asked = shutdown.clone();
    tokio::spawn(async move {
        either(&mut term, &mut int).await;
        info!("asked to stop");
        asked.stop.cancel();
        either(&mut term, &mut int).await;
        info!("asked to hurry");
        asked.hurry.cancel();
    });
    Ok(shutdown)
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
