//! The worker's settings: flags and variables, parsed into a form that cannot be wrong.
#![expect(
    clippy::disallowed_methods,
    reason = "this file is where the environment is read"
)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use longshore_shared::config::{
    ClusterSettings, LogSettings, RetentionSettings, ToolList, duration, tool_list,
};
use longshore_shared::healthcheck::Instead;

use crate::guard;

pub mod containment;

use containment::ContainmentSettings;

/// Longshore's worker: takes jobs from RabbitMQ, runs the Claude CLI, and publishes its stream to Redis.
#[derive(Debug, Parser)]
#[command(name = "longshore-worker", version, about)]
pub struct Cli {
    #[command(flatten)]
    pub cluster: ClusterSettings,
    #[command(flatten)]
    pub retention: RetentionSettings,
    #[command(flatten)]
    pub worker: WorkerSettings,
    #[command(flatten)]
    pub log: LogSettings,

    /// Where /metrics, /healthz and /readyz answer; empty: nowhere
    #[arg(
        long,
        env = "LONGSHORE_ADMIN_BIND",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9091"
    )]
    pub admin_bind: String,

    /// Instead of taking jobs.
    #[command(subcommand)]
    pub instead: Option<Instead>,
}

/// Whether this process is to be a worker's guard: its name says so.
#[must_use]
pub fn started_as_guard() -> bool {
    std::env::args_os()
        .next()
        .is_some_and(|name| name == guard::NAME)
}

/// What decides how executions are run.
#[derive(Debug, Clone, Args)]
pub struct WorkerSettings {
    /// Executions at once; without it twice the number of cores
    #[arg(long, env = "LONGSHORE_SLOTS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub slots: Option<u16>,

    /// Folder that holds one folder per workspace
    #[arg(
        long,
        env = "LONGSHORE_WORKSPACES",
        value_name = "FOLDER",
        default_value = "./workspaces"
    )]
    pub workspaces: PathBuf,

    /// Folder for session transcripts, or its file:// URL
    #[arg(
        long,
        env = "LONGSHORE_STATE",
        value_name = "FOLDER|URL",
        default_value = "./state"
    )]
    pub state: String,

    /// How long a worker that stopped renewing still counts as alive
    #[arg(long, env = "LONGSHORE_LEASE", value_name = "DURATION", default_value = "15s", value_parser = lease)]
    pub lease: Duration,

    /// How long running executions may go on after SIGTERM; a second SIGTERM ends the wait
    #[arg(long, env = "LONGSHORE_DRAIN", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub drain: Duration,

    #[command(flatten)]
    pub claude: ClaudeSettings,
}

impl WorkerSettings {
    /// How many executions run at once.
    pub fn slots(&self) -> u16 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.slots
            .unwrap_or_else(|| u16::try_from(cores * 2).unwrap_or(u16::MAX))
    }
}

/// How the Claude CLI is called.
#[derive(Debug, Clone, Args)]
pub struct ClaudeSettings {
    /// The Claude CLI: a name that is looked up in PATH, or a path
    #[arg(
        long,
        env = "LONGSHORE_CLAUDE_BIN",
        value_name = "PROGRAM",
        default_value = "claude"
    )]
    pub claude_bin: PathBuf,

    /// Names of further variables handed to the CLI; ANTHROPIC_*, CLAUDE_CODE_*, proxy and CA variables always are
    #[arg(
        long,
        env = "LONGSHORE_CLAUDE_ENV",
        value_name = "NAMES",
        value_delimiter = ','
    )]
    pub claude_env: Vec<String>,

    /// Folder with a file for each variable of the CLI that is a secret, such as ANTHROPIC_API_KEY; read for each run
    #[arg(long, env = "LONGSHORE_CLAUDE_SECRETS", value_name = "FOLDER")]
    pub claude_secrets: Option<PathBuf>,

    /// The model of executions that name none
    #[arg(long, env = "LONGSHORE_MODEL", value_name = "MODEL")]
    pub model: Option<String>,

    /// The CLI's permission mode
    #[arg(
        long,
        env = "LONGSHORE_PERMISSION_MODE",
        value_name = "MODE",
        default_value = "default"
    )]
    pub permission_mode: PermissionMode,

    /// Tools that may be used without asking where an execution names none; commas inside parentheses do not separate
    #[arg(long, env = "LONGSHORE_DEFAULT_TOOLS", value_name = "TOOLS", default_value = "", value_parser = tool_list)]
    pub default_tools: ToolList,

    /// Wall time of an execution that names none
    #[arg(long, env = "LONGSHORE_EXECUTION_TIMEOUT", value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub execution_timeout: Duration,

    /// How long the CLI may be silent while no tool runs
    #[arg(long, env = "LONGSHORE_STALL_TIMEOUT", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub stall_timeout: Duration,

    #[command(flatten)]
    pub containment: ContainmentSettings,
}

/// The CLI's permission modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub enum PermissionMode {
    Default,
    AcceptEdits,
    Plan,
    DontAsk,
    Auto,
    BypassPermissions,
}

impl PermissionMode {
    /// As the CLI spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::AcceptEdits => "acceptEdits",
            Self::Plan => "plan",
            Self::DontAsk => "dontAsk",
            Self::Auto => "auto",
            Self::BypassPermissions => "bypassPermissions",
        }
    }
}

/// Variables that reach the CLI whatever the settings say: without them it finds no program, no network and no key.
const ALWAYS: [&str; 16] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SHELL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
];

impl ClaudeSettings {
    /// The part of this process's environment that is handed to the CLI.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(|name| self.passes(name)))
            .collect()
    }

    /// Where a program that is given as a name is looked for.
    pub(crate) fn search_path(&self) -> OsString {
        std::env::var_os("PATH").unwrap_or_default()
    }

    /// Whether the environment holds something that the CLI can identify itself with: its home is private to each
    /// run, so that a login kept in the user's own is not found.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        const CREDENTIALS: [&str; 5] = [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CLAUDE_CODE_USE_BEDROCK",
            "CLAUDE_CODE_USE_VERTEX",
        ];
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        self.claude_secrets.is_some() || CREDENTIALS.iter().any(is_set)
    }

    fn passes(&self, name: &str) -> bool {
        ALWAYS.contains(&name)
            || name.starts_with("ANTHROPIC_")
            || name.starts_with("CLAUDE_CODE_")
            || self.claude_env.iter().any(|wanted| wanted.trim() == name)
    }
}

/// Shorter ones would be lost to the pauses of a busy machine.
fn lease(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        lease if lease < Duration::from_secs(1) => Err("a lease has 1s at least".to_owned()),
        lease => Ok(lease),
    }
}
