//! The command's arguments and variables.

use std::net::SocketAddr;
use std::path::Path;

use clap::{Args, Parser, Subcommand};
use longshore_api::config::ApiSettings;
use longshore_api::config::secret::Secret;
use longshore_shared::config::{LogSettings, RetentionSettings};
use longshore_worker::config::WorkerSettings;

mod load;
mod look;
mod run;
mod shell;
mod token;

pub use load::LoadArgs;
pub use look::{CancelArgs, ExecutionsArgs, LogsArgs, SessionsArgs, WatchArgs, WorkersArgs};
pub use run::RunArgs;
pub use shell::{CompletionsArgs, ManArgs};
pub use token::TokenArgs;

/// What programs that call this one rely on.
const EXIT_CODES: &str = "\
Exit codes:
  0    it was done; of an execution: it completed
  1    it was refused, or the execution failed or was cancelled
  2    the arguments or the settings are wrong
  3    the server cannot be reached, or cannot do it now: try again
  130  it was interrupted by Ctrl-C

Results go to standard output, everything else to standard error. On a terminal results are tables and colours are used,
unless NO_COLOR is set; elsewhere they are lines with tabs between, and with --json what the API answers.";

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
#[command(name = "longshore", version, about, after_help = EXIT_CODES)]
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
    /// Follow an execution to its end, from its start or from an event on
    Watch(WatchArgs),
    /// Cancel executions
    Cancel(CancelArgs),
    /// List executions, or show one
    Executions(ExecutionsArgs),
    /// List sessions, show one, or close it
    Sessions(SessionsArgs),
    /// Print what was said in a session, or in an execution
    Logs(LogsArgs),
    /// List the workers, and how the whole installation does; needs a token with the scope admin
    Workers(WorkersArgs),
    /// Load a deployment, and measure what it does
    Load(Box<LoadArgs>),
    /// Print a token for the API, signed with a key of yours
    Token(Box<TokenArgs>),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

/// `longshore dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Where the API listens; without a key for tokens only a loopback address is taken
    #[arg(long, env = "LONGSHORE_BIND", value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = longshore_shared::config::address)]
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

    /// Where /metrics, /healthz and /readyz answer besides; empty: nowhere
    #[arg(
        long,
        env = "LONGSHORE_ADMIN_BIND",
        value_name = "ADDRESS",
        default_value = "",
        hide_default_value = true
    )]
    pub admin_bind: String,
}

/// Which API is asked, and as whom.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// The API, with the path before its own where a proxy has one
    #[arg(long, env = "LONGSHORE_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = url)]
    pub url: reqwest::Url,

    /// The token to show; none is needed where the API identifies nobody
    #[arg(
        long,
        env = "LONGSHORE_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub token: Option<Secret>,
}

fn url(text: &str) -> Result<reqwest::Url, String> {
    const WANTED: &str =
        "an address like http://127.0.0.1:8080 or https://longshore.example is needed";
    let url: reqwest::Url = text.parse().map_err(|error| format!("{error}; {WANTED}"))?;
    match url.scheme() {
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
            Err(format!("{WANTED}, without ? and #"))
        }
        "http" | "https" => Ok(url),
        scheme => Err(format!("{scheme}:// is not spoken here; {WANTED}")),
    }
}
