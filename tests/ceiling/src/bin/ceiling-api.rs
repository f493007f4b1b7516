//! The ceiling's API, until SIGTERM.

use std::net::SocketAddr;

use ceiling::api;
use ceiling::engines::Engines;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
struct Args {
    #[arg(long, env = "LONGSHORE_BIND")]
    bind: SocketAddr,
    #[command(flatten)]
    engines: Engines,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind(args.bind).await?;
    let router = api::router(args.engines).await?;
    println!(
        r#"{{"message":"listening","address":"{}"}}"#,
        listener.local_addr()?
    );
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        _ = ended.recv() => {}
    }
    Ok(())
}
