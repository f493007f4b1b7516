//! The arguments of `longshore load`.

use std::time::Duration;

use clap::Args;
use longshore_shared::config::duration;

use super::ServerArgs;

/// `longshore load`. Exits with 0 when every stream was whole, 1 when an event was lost, repeated or out of order, or
/// nothing was accepted.
#[derive(Debug, Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub server: ServerArgs,

    /// How many executions
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub executions: u64,

    /// Begin no more after that time, whatever is left of them
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub duration: Option<Duration>,

    /// Closed loop: so many are under way, and the next begins when one has ended
    #[arg(
        long,
        short,
        value_name = "COUNT",
        default_value_t = 8,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..),
        conflicts_with = "rate"
    )]
    pub concurrency: usize,

    /// Open loop: so many begin each second, whatever becomes of those before; latencies count from the intended moment
    #[arg(long, short, value_name = "PER SECOND", value_parser = rate)]
    pub rate: Option<f64>,

    /// Submit only, and watch nothing: an execution is done with when it is accepted
    #[arg(long, conflicts_with_all = ["viewers", "slow_viewers", "reconnect_every"])]
    pub unwatched: bool,

    /// More viewers of each execution, besides the one
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub viewers: usize,

    /// More viewers of each execution that read slowly
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub slow_viewers: usize,

    /// How much a slow viewer reads in a second
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub slow_rate: u32,

    /// Each viewer hangs up that often, and comes back for the rest
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub reconnect_every: Option<Duration>,

    /// Sockets that are open besides, on executions that do nothing
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub idle: usize,

    /// How many executions those are; each takes a slot until the end, when it is cancelled
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub idle_executions: usize,

    /// Their prompt: something that takes long; the default is one for the fake CLI
    #[arg(long, value_name = "TEXT", default_value = "[[hang]]")]
    pub idle_prompt: String,

    /// What is asked; the default is one for the fake CLI
    #[arg(
        long,
        short,
        value_name = "TEXT",
        default_value = "[[lines n=20 bytes=300]]"
    )]
    pub prompt: String,

    /// The workspace it all runs in
    #[arg(long, short, default_value = "load", value_name = "ID")]
    pub workspace: String,

    /// Measure the CPU and the memory of a process on this machine, under a name; may be given several times
    #[arg(long = "process", value_name = "NAME=PID", value_parser = process)]
    pub processes: Vec<(String, u32)>,

    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.001 to 1000000 is needed, such as 50 or 0.5".to_owned()),
    }
}

fn process(text: &str) -> Result<(String, u32), String> {
    let parts = text.split_once('=');
    let named = parts.and_then(|(name, pid)| Some((name.to_owned(), pid.parse().ok()?)));
    named.ok_or_else(|| "a name and a process id are needed, as in api=4711".to_owned())
}
