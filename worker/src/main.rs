//! `longshore-worker`: settings, backends, health, and a worker until a signal.

use std::process::ExitCode;

use longshore_shared::backends::Backends;
use longshore_shared::config::{address, parse, refuse};
use longshore_shared::healthcheck::{Instead, healthcheck};
use longshore_shared::{admin, metrics, shutdown, telemetry};
use longshore_worker::config::{Cli, started_as_guard};
use longshore_worker::{Worker, guard, serve_health};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio_util::task::AbortOnDropHandle;

fn main() -> anyhow::Result<ExitCode> {
    // Every worker starts this program once more under that name.
    if started_as_guard() {
        return Ok(guard::run());
    }
    work()
}

/// Threads for what blocks, besides one for each run: runs that wait for a storage that hangs leave these for freezing and
/// killing.
const SPARE_THREADS: usize = 32;

fn work() -> anyhow::Result<ExitCode> {
    let cli: Cli = parse();
    let slots = usize::from(cli.worker.slots());
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(slots + SPARE_THREADS)
        .build()?
        .block_on(run(cli))
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Some(Instead::Healthcheck) = cli.instead {
        return Ok(check(&cli.admin_bind).await);
    }
    let backends = Backends::cluster(&cli.cluster, (&cli.retention).into())
        .unwrap_or_else(|error| refuse(error));
    let worker = Worker::new(backends, cli.worker)
        .await
        .unwrap_or_else(|error| refuse(error));
    let admin = admin::bind(&cli.admin_bind)
        .await
        .unwrap_or_else(|error| refuse(error));
    // Only now: a setting that cannot be used is the one line that is printed.
    let _telemetry =
        telemetry::init(&cli.log, "longshore-worker").unwrap_or_else(|error| refuse(error));
    let shutdown = shutdown::on_signal()?;
    let _admin = admin.map(|listener| {
        metrics::install(&[metrics::PROCESS, metrics::WORKER]);
        AbortOnDropHandle::new(tokio::spawn(serve_health(listener, worker.clone())))
    });
    hide_from_tools();
    worker.run(shutdown).await;
    Ok(ExitCode::SUCCESS)
}

async fn check(admin_bind: &str) -> ExitCode {
    match address(admin_bind) {
        Ok(address) => healthcheck(address).await,
        Err(wanted) => refuse(format_args!("--admin-bind {admin_bind:?}: {wanted}")),
    }
}

/// Keeps the CLI's tools, which run as the same user, from reading this process's memory and environment: they hold the
/// passwords of the engines.
fn hide_from_tools() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "the CLI's tools may read this process's environment");
    }
}
