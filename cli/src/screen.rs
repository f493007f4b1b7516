//! What is shown of an execution while it is followed.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::render;

/// Standard output for what was said, standard error for how it goes.
pub(crate) struct Screen {
    /// Each frame is a line of JSON.
    json: bool,
    /// On a terminal text appears as it is written.
    live: bool,
    /// Whether the text of the message that comes was shown already, as deltas.
    typed: bool,
    begun: Instant,
    how: String,
    /// On a terminal it shows that something happens, below what was said. There is none while a line is being typed, nor
    /// while an answer is.
    spinner: Option<ProgressBar>,
}

impl Screen {
    pub(crate) fn new(json: bool) -> Self {
        let mut screen = Self {
            json,
            live: !json && io::stdout().is_terminal(),
            typed: false,
            begun: Instant::now(),
            how: "pending".to_owned(),
            spinner: None,
        };
        screen.spin();
        screen
    }

    /// Whether token deltas are of use.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) fn note(&mut self, line: &str) {
        self.end_line();
        self.stop();
        eprintln!("{line}");
        self.spin();
    }

    /// Asks for something, on the line where the answer is typed.
    pub(crate) fn ask(&mut self, question: &str) {
        self.stop();
        eprint!("{question}");
    }

    /// The question is answered.
    pub(crate) fn go_on(&mut self) {
        self.spin();
    }

    pub(crate) fn show(&mut self, frame: &Value) {
        if self.json {
            return print(&format!("{frame}\n"));
        }
        if let Some(how) = render::progress(frame) {
            self.how = how;
        }
        if let Some(delta) = render::delta(frame).filter(|_| self.live) {
            self.typed = true;
            self.stop();
            return print(&delta);
        }
        let mut lines = render::lines(frame);
        if lines.is_empty() && self.typed {
            return; // The line goes on.
        }
        if self.end_line() && is_text(frame) {
            lines.clear(); // The deltas have shown it.
        }
        self.stop();
        for line in lines {
            print(&format!("{line}\n"));
        }
        if frame["type"] != "end" {
            self.spin();
        }
    }

    /// Ends the line that deltas have written; false where there is none.
    fn end_line(&mut self) -> bool {
        let typed = std::mem::take(&mut self.typed);
        if typed {
            print("\n");
        }
        typed
    }

    fn stop(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }

    fn spin(&mut self) {
        self.stop();
        if !self.live || !io::stderr().is_terminal() {
            return;
        }
        let spinner = ProgressBar::new_spinner().with_elapsed(self.begun.elapsed());
        // The template is constant and right; the default would do as well.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            spinner.set_style(style);
        }
        spinner.set_message(self.how.clone());
        spinner.enable_steady_tick(Duration::from_millis(120));
        self.spinner = Some(spinner);
    }
}

/// A reader that has gone away needs nothing more; the execution goes on.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn is_text(frame: &Value) -> bool {
    let data = &frame["data"];
    data["type"] == "assistant" && data["message"]["content"][0]["type"] == "text"
}
