//! The command's arguments and variables.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use longshore_api::config::ApiSettings;
use longshore_api::config::secret::Secret;
use longshore_shared::config::{LogSettings, RetentionSettings, duration};
use longshore_shared::id::WorkspaceId;
use longshore_worker::config::WorkerSettings;

mod load;

pub use load::LoadArgs;

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
    /// Load a deployment, and measure what it does
    Load(Box<LoadArgs>),
    /// Print a token for the API, signed with a key of yours
    Token(Box<TokenArgs>),
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

/// `longshore run`. Exits with 0 when it completed, 1 when it failed, 130 when it was interrupted.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to ask
    pub prompt: String,

    #[command(flatten)]
    pub server: ServerArgs,

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

/// `longshore token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The API's secret, to sign with HS256
    #[arg(
        long,
        env = "LONGSHORE_JWT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub secret: Option<Secret>,

    /// PEM file with a private key to sign with instead: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)
    #[arg(long, value_name = "FILE")]
    pub private_key: Option<PathBuf>,

    /// The key's id in the API's key set
    #[arg(long, value_name = "ID")]
    pub key_id: Option<String>,

    /// Who it is for: limits are counted by it
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub subject: String,

    /// A workspace it is for, * for all; may be given several times
    #[arg(long = "workspace", short, value_name = "ID", default_value = "*", value_parser = workspace)]
    pub workspaces: Vec<String>,

    /// What it allows: words out of execute, read and admin
    #[arg(long, value_name = "WORDS", default_value = "execute read", value_parser = scope)]
    pub scope: String,

    /// How long it is valid
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub expires_in: Duration,

    /// The service it is for, where the API asks for one
    #[arg(long, env = "LONGSHORE_JWT_AUDIENCE", value_name = "AUDIENCE")]
    pub audience: Option<String>,

    /// Who issues it, where the API asks for that
    #[arg(long, env = "LONGSHORE_JWT_ISSUER", value_name = "ISSUER")]
    pub issuer: Option<String>,
}

fn workspace(text: &str) -> Result<String, String> {
    if text != "*" {
        let _: WorkspaceId = text
            .parse()
            .map_err(|error| format!("{error}; * stands for all"))?;
    }
    Ok(text.to_owned())
}

fn scope(text: &str) -> Result<String, String> {
    let mut words = text.split_whitespace();
    match words.find(|word| !["execute", "read", "admin"].contains(word)) {
        None => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Some(word) => Err(format!("{word:?} is none of execute, read and admin")),
    }
}

fn url(text: &str) -> Result<reqwest::Url, String> {
    let url: reqwest::Url = text
        .parse()
        .map_err(|error| format!("{error}; an address like http://127.0.0.1:8080 is needed"))?;
    match url.scheme() {
        "http" if url.query().is_some() || url.fragment().is_some() => {
            Err("an address like http://127.0.0.1:8080 is needed, without ? and #".to_owned())
        }
        "http" => Ok(url),
        scheme => Err(format!(
            "{scheme}:// is not spoken here; an http:// address is needed"
        )),
    }
}
