//! `longshore-api`: settings, backends, listeners, and `serve` until a signal.

use std::process::ExitCode;

use longshore_api::config::Cli;
use longshore_api::state::ApiState;
use longshore_shared::backends::Backends;
use longshore_shared::config::{parse, refuse};
use longshore_shared::healthcheck::{Instead, healthcheck};
use longshore_shared::{admin, metrics, shutdown, telemetry};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli: Cli = parse();
    if let Some(Instead::Healthcheck) = cli.instead {
        return Ok(healthcheck(cli.bind).await);
    }
    serve(cli).await?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(cli: Cli) -> anyhow::Result<()> {
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
    let admin = admin::bind(&cli.admin_bind)
        .await
        .unwrap_or_else(|error| refuse(error));
    // Only now: a setting that cannot be used is the one line that is printed.
    let _telemetry =
        telemetry::init(&cli.log, "longshore-api").unwrap_or_else(|error| refuse(error));
    let shutdown = shutdown::on_signal()?;
    let _admin = admin.map(|listener| {
        metrics::install(&[metrics::PROCESS, metrics::API]);
        AbortOnDropHandle::new(tokio::spawn(longshore_api::serve_admin(
            listener,
            state.clone(),
        )))
    });
    if !identified {
        warn!("callers are not identified: everybody on this machine has all workspaces");
    }
    info!(address = %listener.local_addr()?, "listening");
    longshore_api::serve(listener, state, shutdown).await;
    info!("stopped");
    Ok(())
}
