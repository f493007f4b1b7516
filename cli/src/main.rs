//! `longshore`: starts what its arguments name.

use std::process::ExitCode;

use longshore_cli::args::{Cli, Command, started_as_fake_claude};
use longshore_cli::{dev, load, run, token};
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
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Dev(args) => dev::dev(*args).await,
        Command::Run(args) => run::run(*args).await,
        Command::Load(args) => load::load(*args).await,
        Command::Token(args) => Ok(token::token(&args).unwrap_or_else(|error| refuse(error))),
    }
}
