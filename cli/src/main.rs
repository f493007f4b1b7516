//! `longshore`: starts what its arguments name.

use std::process::ExitCode;

use longshore_cli::args::{Cli, Command, started_as_fake_claude};
use longshore_cli::{dev, executions, exit, load, run, sessions, shell, token, workers};
use longshore_shared::config::{parse, refuse};
use longshore_worker::config::started_as_guard;
use longshore_worker::guard;

fn main() -> ExitCode {
    // `longshore dev --fake` starts this program under that name, so that the fake needs no second file.
    if started_as_fake_claude() {
        return fake_claude::run();
    }
    // And so does the worker in `longshore dev`, so that its guard needs none either.
    if started_as_guard() {
        return guard::run();
    }
    let cli: Cli = parse();
    match start(cli) {
        Ok(code) => code,
        Err(error) => exit::failed(&error),
    }
}

#[tokio::main]
async fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Dev(args) => dev::dev(*args).await,
        Command::Run(args) => run::run(*args).await,
        Command::Load(args) => load::load(*args).await,
        Command::Watch(args) => executions::watch(args).await,
        Command::Cancel(args) => executions::cancel(args).await,
        Command::Executions(args) => executions::executions(args).await,
        Command::Sessions(args) => sessions::sessions(args).await,
        Command::Logs(args) => sessions::logs(args).await,
        Command::Workers(args) => workers::workers(args).await,
        Command::Token(args) => Ok(token::token(&args).unwrap_or_else(|error| refuse(error))),
        Command::Completions(args) => Ok(shell::completions(&args)),
        Command::Man(args) => shell::man(&args),
    }
}
