//! `longshore completions` and `longshore man`: this program for shells and for readers of manuals.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};

use crate::args::{Cli, CompletionsArgs, ManArgs};

/// Prints completions.
pub fn completions(args: &CompletionsArgs) -> ExitCode {
    let name = "longshore";
    clap_complete::generate(args.shell, &mut Cli::command(), name, &mut io::stdout());
    ExitCode::SUCCESS
}

/// Prints the page of the command as a whole, or writes one for each into a folder.
///
/// # Errors
/// When they cannot be written.
pub fn man(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let Some(folder) = &args.folder else {
        clap_mangen::Man::new(Cli::command()).render(&mut io::stdout())?;
        return Ok(ExitCode::SUCCESS);
    };
    let write = |command: Command| {
        std::fs::create_dir_all(folder)?;
        clap_mangen::generate_to(command, folder)
    };
    write(Cli::command()).with_context(|| format!("--folder {}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
