//! The arguments of `longshore run`.

use std::path::PathBuf;

use clap::Args;

use super::ServerArgs;

/// `longshore run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to ask; without it and without a file it is read from standard input
    pub prompt: Option<String>,

    #[command(flatten)]
    pub server: ServerArgs,

    /// A file whose text is part of the prompt, below what is asked; - is standard input; may be given several times
    #[arg(long = "file", short, value_name = "FILE")]
    pub files: Vec<PathBuf>,

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

    /// Dollars it may cost
    #[arg(long, value_name = "USD")]
    pub max_budget: Option<f64>,

    /// Tools that may be used without asking; may be given several times
    #[arg(long = "tool", value_name = "TOOL")]
    pub tools: Vec<String>,

    /// Seconds it may take
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,

    /// Follow it to its end, which is done unless --detach is given
    #[arg(long, overrides_with = "detach")]
    pub follow: bool,

    /// Print the execution's id, and leave it to itself
    #[arg(long, short)]
    pub detach: bool,

    /// Print each event as a line of JSON; with --detach the API's answer
    #[arg(long)]
    pub json: bool,
}
