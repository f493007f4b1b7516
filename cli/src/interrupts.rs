//! Ctrl-C while an execution is followed: whoever sits there is asked what it means.

use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Ask what is wanted.
    Ask,
    /// Cancel the execution.
    Cancel,
    /// Leave it running.
    Leave,
    /// Go on watching.
    Watch,
}

/// Interrupts, and the answers of whoever was asked.
pub(crate) struct Interrupts {
    signals: Signal,
    /// Whether somebody sits there who can be asked.
    can_ask: bool,
    /// Whether a question is open.
    asking: bool,
    answers: mpsc::UnboundedReceiver<String>,
    answered: mpsc::UnboundedSender<String>,
}

/// What is asked.
pub(crate) const QUESTION: &str =
    "\nCancel the execution, leave it running, or go on watching? [c/l/Enter, Ctrl-C cancels] ";

impl Interrupts {
    /// One listener for the whole run: an interrupt that comes while a frame is shown waits in it.
    ///
    /// # Errors
    /// When the system does not give signals.
    pub(crate) fn new() -> io::Result<Self> {
        let (answered, answers) = mpsc::unbounded_channel();
        Ok(Self {
            signals: signal(SignalKind::interrupt())?,
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal(),
            asking: false,
            answers,
            answered,
        })
    }

    /// What is wanted next. Cancel safe.
    pub(crate) async fn next(&mut self) -> Wish {
        loop {
            tokio::select! {
                _ = self.signals.recv() => {
                    if !self.can_ask || self.asking {
                        self.asking = false;
                        return Wish::Cancel;
                    }
                    self.asking = true;
                    self.listen();
                    return Wish::Ask;
                }
                Some(answer) = self.answers.recv() => {
                    // The answer to a question that Ctrl-C has answered.
                    if std::mem::take(&mut self.asking) {
                        return wish(&answer);
                    }
                }
            }
        }
    }

    /// In a thread of its own: one that waits for a terminal would keep the program from ending.
    fn listen(&self) {
        let answered = self.answered.clone();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            let _ = read.map(|_| answered.send(line));
        });
    }
}

fn wish(answer: &str) -> Wish {
    match answer.trim().chars().next() {
        Some('c' | 'C') => Wish::Cancel,
        Some('l' | 'L') => Wish::Leave,
        _ => Wish::Watch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_letter_or_a_word() {
        for (answer, wanted) in [
            ("c\n", Wish::Cancel),
            ("Cancel", Wish::Cancel),
            (" l \n", Wish::Leave),
            ("\n", Wish::Watch),
            ("", Wish::Watch),
            ("what?", Wish::Watch),
        ] {
            assert_eq!(wish(answer), wanted, "{answer:?}");
        }
    }
}
