//! The command's arguments and variables.

use std::net::SocketAddr;
use std::path::Path;

use clap::{Args, Parser, Subcommand};
use longshore_api::config::ApiSettings;
use longshore_shared::config::{LogSettings, RetentionSettings};
use longshore_worker::config::WorkerSettings;

/// The name under which this program is the fake CLI.
pub(crate) const FAKE_CLAUDE: &str = "fake-claude";

/// Whether this process was started under the fake CLI's name.
#[must_use]
pub fn started_as_fake_claude() -> bool {
    std::env::args_os().next().is_some_and(|name| {
        Path::new(&name)
            .file_name()
            .is_some_and(|name| name == FAKE_CLAUDE)
    })
}

/// Runs the Claude CLI for web clients, and watches it.
#[derive(Debug, Parser)]
#[command(name = "longshore", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start API and worker in one process, in memory: no RabbitMQ and no Redis needed
    Dev(Box<DevArgs>),
    /// Run a prompt and follow it to its end
    Run(Box<RunArgs>),
}

/// `longshore dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Where the API listens; without a key for tokens only a loopback address is taken
    #[arg(long, env = "LONGSHORE_BIND", value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = longshore_api::config::address)]
    pub bind: SocketAddr,

    /// Answer with the built-in fake CLI even where there is a real one
    #[arg(long)]
    pub fake: bool,

    #[command(flatten)]
    pub api: ApiSettings,
    #[command(flatten)]
    pub worker: WorkerSettings,
    #[command(flatten)]
    pub retention: RetentionSettings,
    #[command(flatten)]
    pub log: LogSettings,
}

/// `longshore run`. Exits with 0 when it completed, 1 when it failed, 130 when it was interrupted.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to ask
    pub prompt: String,

    /// The API
    #[arg(long, env = "LONGSHORE_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = url)]
    pub url: reqwest::Url,

    /// The workspace it runs in
    #[arg(long, short, default_value = "demo", value_name = "ID")]
    pub workspace: String,

    /// Continue that session
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,

    /// The model
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,

    /// Turns at most
    #[arg(long, value_name = "COUNT")]
    pub max_turns: Option<u32>,

    /// Tools that may be used without asking; may be given several times
    #[arg(long = "tool", value_name = "TOOL")]
    pub tools: Vec<String>,

    /// Seconds it may take
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}

fn url(text: &str) -> Result<reqwest::Url, String> {
    let url: reqwest::Url = text
        .parse()
        .map_err(|error| format!("{error}; an address like http://127.0.0.1:8080 is needed"))?;
    match url.scheme() {
        "http" => Ok(url),
        scheme => Err(format!(
            "{scheme}:// is not spoken here; an http:// address is needed"
        )),
    }
}
