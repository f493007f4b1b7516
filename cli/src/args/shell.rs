//! The arguments of the commands that tell shells and manuals about this program.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `longshore completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// `longshore man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for every command into that folder
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}
