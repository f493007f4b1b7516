//! The arguments of the commands that look at what there is, and end it.

use clap::Args;
use longshore_shared::execution::Status;
use longshore_shared::session::SessionStatus;
use uuid::Uuid;

use super::ServerArgs;

/// `longshore watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The execution
    #[arg(value_name = "EXECUTION")]
    pub execution: Uuid,

    #[command(flatten)]
    pub server: ServerArgs,

    /// Go on after that event, as --json shows it
    #[arg(long, value_name = "EVENT")]
    pub after: Option<String>,

    /// Print each event as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `longshore cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The executions
    #[arg(value_name = "EXECUTION", required = true)]
    pub executions: Vec<Uuid>,

    #[command(flatten)]
    pub server: ServerArgs,

    /// Print each execution as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `longshore executions`.
#[derive(Debug, Args)]
pub struct ExecutionsArgs {
    /// Show that one
    #[arg(value_name = "EXECUTION", conflicts_with_all = ["workspace", "session", "status", "limit"])]
    pub execution: Option<Uuid>,

    #[command(flatten)]
    pub server: ServerArgs,

    /// Those of this workspace
    #[arg(long, short, value_name = "ID")]
    pub workspace: Option<String>,

    /// Those of this session
    #[arg(long, value_name = "ID")]
    pub session: Option<Uuid>,

    /// Those in this status
    #[arg(long, value_name = "STATUS", value_parser = clap::builder::PossibleValuesParser::new(Status::ALL.map(Status::as_str)))]
    pub status: Option<String>,

    /// Those at most; the newest come first
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,

    /// Print each as a line of JSON, as the API answers it
    #[arg(long)]
    pub json: bool,
}

/// `longshore sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// Show that one
    #[arg(value_name = "SESSION", conflicts_with_all = ["workspace", "status", "limit"])]
    pub session: Option<Uuid>,

    #[command(flatten)]
    pub server: ServerArgs,

    /// Close it: what runs in it is cancelled, and nothing more is accepted for it
    #[arg(long, requires = "session")]
    pub close: bool,

    /// Those of this workspace
    #[arg(long, short, value_name = "ID")]
    pub workspace: Option<String>,

    /// Those in this status
    #[arg(long, value_name = "STATUS", value_parser = clap::builder::PossibleValuesParser::new(SessionStatus::ALL.map(SessionStatus::as_str)))]
    pub status: Option<String>,

    /// Those at most; those with the newest activity come first
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,

    /// Print each as a line of JSON, as the API answers it
    #[arg(long)]
    pub json: bool,
}

/// `longshore logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The session, or with --execution the execution
    #[arg(value_name = "ID")]
    pub id: Uuid,

    #[command(flatten)]
    pub server: ServerArgs,

    /// The id is that of an execution
    #[arg(long)]
    pub execution: bool,

    /// Print each event as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `longshore workers`.
#[derive(Debug, Args)]
pub struct WorkersArgs {
    #[command(flatten)]
    pub server: ServerArgs,

    /// Print workers and figures as JSON
    #[arg(long)]
    pub json: bool,
}
