//! `longshore-api`: settings, backends, a listener, and `serve` until a signal.

use longshore_api::config::Cli;
use longshore_api::state::ApiState;
use longshore_shared::backends::Backends;
use longshore_shared::config::{parse, refuse};
use longshore_shared::{shutdown, telemetry};
use tokio::net::TcpListener;
use tracing::{info, warn};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli: Cli = parse();
    let backends = Backends::cluster(&cli.cluster, (&cli.retention).into())
        .unwrap_or_else(|error| refuse(error));
    cli.api
        .check_bind(cli.bind)
        .unwrap_or_else(|error| refuse(error));
    let identified = cli.api.identity.has_key();
    let state = ApiState::new(backends, cli.api).unwrap_or_else(|error| refuse(error));
    let listener = TcpListener::bind(cli.bind)
        .await
        .unwrap_or_else(|error| refuse(format_args!("--bind {}: {error}", cli.bind)));
    // Only now: a setting that cannot be used is the one line that is printed.
    let _telemetry =
        telemetry::init(&cli.log, "longshore-api").unwrap_or_else(|error| refuse(error));
    let shutdown = shutdown::on_signal()?;
    if !identified {
        warn!("callers are not identified: everybody on this machine has all workspaces");
    }
    info!(address = %listener.local_addr()?, "listening");
    longshore_api::serve(listener, state, shutdown).await?;
    info!("stopped");
    Ok(())
}
