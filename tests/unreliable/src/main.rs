//! API and worker in one process, on engines that fail: what they are asked is now and then not done, done and not
//! answered, or late. SIGUSR1 makes them reliable.
//!
//! It is told what `longshore-api` and `longshore-worker` are told.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use longshore_api::config::ApiSettings;
use longshore_api::state::ApiState;
use longshore_shared::backends::Backends;
use longshore_shared::config::address;
use longshore_shared::config::{ClusterSettings, LogSettings, RetentionSettings, parse};
use longshore_shared::{shutdown, telemetry};
use longshore_worker::config::{WorkerSettings, started_as_guard};
use longshore_worker::{Worker, guard};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

mod faults;
mod keys;
mod log;
mod queue;
mod store;

use faults::Faults;

/// One engine's operations, disturbed.
struct Unreliable<T: ?Sized> {
    inner: Arc<T>,
    faults: Faults,
}

impl<T: ?Sized> Unreliable<T> {
    fn new(inner: Arc<T>, faults: &Faults) -> Arc<Self> {
        let faults = faults.clone();
        Arc::new(Self { inner, faults })
    }
}

#[derive(Parser)]
struct Cli {
    #[arg(long, env = "LONGSHORE_BIND", value_parser = address)]
    bind: SocketAddr,
    /// How many of a hundred operations are disturbed
    #[arg(long, env = "UNRELIABLE_PERCENT", default_value = "20")]
    percent: u8,
    /// Needs neither RabbitMQ nor Redis
    #[arg(long)]
    in_memory: bool,
    #[command(flatten)]
    cluster: ClusterSettings,
    #[command(flatten)]
    api: ApiSettings,
    #[command(flatten)]
    worker: WorkerSettings,
    #[command(flatten)]
    retention: RetentionSettings,
    #[command(flatten)]
    log: LogSettings,
}

fn main() -> anyhow::Result<ExitCode> {
    if started_as_guard() {
        return Ok(guard::run());
    }
    serve()?;
    Ok(ExitCode::SUCCESS)
}

#[tokio::main]
async fn serve() -> anyhow::Result<()> {
    let cli: Cli = parse();
    let _telemetry = telemetry::init(&cli.log, "unreliable")?;
    let backends = match cli.in_memory {
        true => Backends::memory((&cli.retention).into()),
        false => Backends::cluster(&cli.cluster, (&cli.retention).into())?,
    };
    let faults = Faults::new(cli.percent);
    let backends = disturbed(backends, &faults);
    let worker = Worker::new(backends.clone(), cli.worker).await?;
    let state = ApiState::new(backends, cli.api)?;
    let listener = TcpListener::bind(cli.bind).await?;
    let shutdown = shutdown::on_signal()?;
    let mut enough = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        enough.recv().await;
        faults.stop();
    });
    println!("listening on http://{}", listener.local_addr()?);
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { worker.run(shutdown).await }
    });
    longshore_api::serve(listener, state, shutdown).await;
    running.await?;
    Ok(())
}

fn disturbed(backends: Backends, faults: &Faults) -> Backends {
    Backends {
        queue: Unreliable::new(backends.queue, faults),
        store: Unreliable::new(backends.store, faults),
        log: Unreliable::new(backends.log, faults),
        idempotency: Unreliable::new(backends.idempotency, faults),
        ..backends
    }
}
