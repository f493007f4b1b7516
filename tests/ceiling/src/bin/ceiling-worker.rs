//! The ceiling's worker, until SIGTERM, with which all that it runs ends too.

use std::path::PathBuf;

use ceiling::engines::Engines;
use ceiling::worker;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
struct Args {
    #[arg(long, env = "LONGSHORE_CLAUDE_BIN")]
    claude_bin: PathBuf,
    #[arg(long, env = "LONGSHORE_SLOTS", default_value_t = 4)]
    slots: u16,
    #[command(flatten)]
    engines: Engines,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        ran = worker::run(args.engines, args.claude_bin, args.slots) => ran?,
        _ = ended.recv() => {}
    }
    Ok(())
}
