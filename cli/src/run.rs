//! `longshore run`: submits a prompt and follows it to its end.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::RunArgs;
use crate::cancelling::Cancelling;
use crate::client::Api;
use crate::render;
use crate::watch::Watch;

/// As shells report a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Runs to the end. Ctrl-C cancels the execution; the next one leaves at once, or tries again where that failed.
///
/// # Errors
/// When the API refuses it, or its stream is lost for good.
pub async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    let mut screen = Screen::new();
    let accepted = api.execute(&request(&args, screen.live)).await?;
    screen.note(&format!(
        "execution {} · session {}",
        accepted.execution_id, accepted.session_id
    ));
    follow(&api, &accepted.execution_id, &mut screen).await
}

fn request(args: &RunArgs, stream: bool) -> Value {
    let mut body = json!({
        "workspace_id": args.workspace,
        "prompt": args.prompt,
        "session_id": args.session,
        "model": args.model,
        "max_turns": args.max_turns,
        "timeout_seconds": args.timeout,
        "stream": stream,
    });
    if !args.tools.is_empty() {
        body["tools"] = json!(args.tools);
    }
    body
}

async fn follow(api: &Api, execution: &str, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let mut watch = Watch::new(api, execution);
    let mut cancelling = Cancelling::new(api, execution);
    // One listener for the whole run: an interrupt that comes while a frame is shown waits in it.
    let mut interrupts = signal(SignalKind::interrupt())?;
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
            _ = interrupts.recv() => {
                if !cancelling.ask() {
                    return Ok(ExitCode::from(INTERRUPTED));
                }
                interrupted = true;
                screen.note("cancelling; Ctrl-C again leaves at once");
            }
            outcome = cancelling.outcome() => if let Err(error) = outcome {
                screen.note(&format!("not cancelled: {error:#}; Ctrl-C tries again"));
            }
        }
    }
}

fn exit_code(end: &Value, interrupted: bool) -> ExitCode {
    match end["data"]["status"].as_str() {
        Some("completed") => ExitCode::SUCCESS,
        Some("cancelled") if interrupted => ExitCode::from(INTERRUPTED),
        _ => ExitCode::FAILURE,
    }
}

/// Standard output for what was said, standard error for how it goes.
struct Screen {
    /// On a terminal text appears as it is written, and a spinner shows that something happens.
    live: bool,
    spinner: ProgressBar,
    /// Whether the text of the message that comes was shown already, as deltas.
    typed: bool,
}

impl Screen {
    fn new() -> Self {
        let live = io::stdout().is_terminal();
        let spinner = if live && io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        // The template is constant and right; the default would do as well.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            spinner.set_style(style);
        }
        spinner.set_message("pending");
        spinner.enable_steady_tick(Duration::from_millis(120));
        Self {
            live,
            spinner,
            typed: false,
        }
    }

    fn note(&self, line: &str) {
        self.spinner.suspend(|| eprintln!("{line}"));
    }

    fn show(&mut self, frame: &Value) {
        if let Some(progress) = render::progress(frame) {
            self.spinner.set_message(progress);
        }
        if let Some(delta) = render::delta(frame).filter(|_| self.live) {
            self.typed = true;
            return self.print(&delta);
        }
        let mut lines = render::lines(frame);
        if std::mem::take(&mut self.typed) && is_text(frame) {
            lines = vec![String::new()]; // Ends the line that the deltas have written.
        }
        if frame["type"] == "end" {
            self.spinner.finish_and_clear();
        }
        for line in lines {
            self.print(&format!("{line}\n"));
        }
    }

    /// A reader that has gone away needs nothing more; the execution goes on.
    fn print(&self, text: &str) {
        self.spinner.suspend(|| {
            let mut out = io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        });
    }
}

fn is_text(frame: &Value) -> bool {
    let data = &frame["data"];
    data["type"] == "assistant" && data["message"]["content"][0]["type"] == "text"
}
