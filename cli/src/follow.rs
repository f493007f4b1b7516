//! Following an execution to its end.

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::cancelling::Cancelling;
use crate::client::Api;
use crate::exit;
use crate::interrupts::{Interrupts, QUESTION, Wish};
use crate::screen::Screen;
use crate::watch::Watch;

/// Follows an execution that was begun here. Ctrl-C asks whether to cancel it or to leave it running, and cancels it where
/// nobody can be asked; once it is cancelled, the next one leaves at once, or tries again where that failed.
///
/// # Errors
/// When its stream is lost for good.
pub(crate) async fn own(
    api: &Api,
    execution: &str,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let mut watch = Watch::new(api, execution, None);
    let mut cancelling = Cancelling::new(api, execution);
    let mut interrupts = Interrupts::new()?;
    let mut interrupted = false;
    loop {
        tokio::select! {
            frame = watch.next() => {
                let frame = frame?.context("the stream ended without an end")?;
                screen.show(&frame);
                if frame["type"] == "end" {
                    return Ok(exit_code(&frame, interrupted));
                }
            }
            wish = interrupts.next() => match wish {
                Wish::Ask => screen.ask(QUESTION),
                Wish::Watch => screen.go_on(),
                Wish::Leave => {
                    screen.note(&left(execution));
                    return Ok(exit::INTERRUPTED.into());
                }
                Wish::Cancel => {
                    screen.go_on();
                    if !cancelling.ask() {
                        return Ok(exit::INTERRUPTED.into());
                    }
                    interrupted = true;
                    screen.note("cancelling; Ctrl-C again leaves at once");
                }
            },
            outcome = cancelling.outcome() => if let Err(error) = outcome {
                screen.note(&format!("not cancelled: {error:#}; Ctrl-C tries again"));
            }
        }
    }
}

/// Follows somebody's execution. Ctrl-C leaves it running.
///
/// # Errors
/// When its stream is lost for good.
pub(crate) async fn others(
    api: &Api,
    execution: &str,
    after: Option<String>,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let mut watch = Watch::new(api, execution, after);
    // One listener for the whole watch: an interrupt that comes while a frame is shown waits in it.
    let mut interrupts = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            frame = watch.next() => {
                let frame = frame?.context("the stream ended without an end")?;
                screen.show(&frame);
                if frame["type"] == "end" {
                    return Ok(exit_code(&frame, false));
                }
            }
            _ = interrupts.recv() => {
                screen.note(&left(execution));
                return Ok(exit::INTERRUPTED.into());
            }
        }
    }
}

fn left(execution: &str) -> String {
    format!(
        "it goes on; `longshore watch {execution}` shows it, `longshore cancel {execution}` ends it"
    )
}

fn exit_code(end: &Value, interrupted: bool) -> ExitCode {
    match end["data"]["status"].as_str() {
        Some("completed") => ExitCode::SUCCESS,
        Some("cancelled") if interrupted => exit::INTERRUPTED.into(),
        _ => ExitCode::FAILURE,
    }
}
