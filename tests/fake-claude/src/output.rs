//! Standard output: one JSON object a line, written by one thread only, so that lines never mix.

use std::io::Write;

use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) struct Output {
    session: String,
    closed: bool,
}

impl Output {
    pub(crate) fn new(session: &str) -> Self {
        Self {
            session: session.to_owned(),
            closed: false,
        }
    }

    /// An event: every one carries the session and a uuid of its own.
    pub(crate) fn event(&mut self, event: Value) {
        self.event_as(&Uuid::new_v4().to_string(), event);
    }

    /// An event that the session's file has under the same uuid.
    pub(crate) fn event_as(&mut self, uuid: &str, mut event: Value) {
        event["session_id"] = json!(self.session);
        event["uuid"] = json!(uuid);
        self.line(&event);
    }

    /// A line as it is: control messages have neither session nor uuid.
    pub(crate) fn line(&mut self, line: &Value) {
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        self.raw(&bytes);
    }

    /// A reader that went away goes unnoticed, as with the real CLI: the turn runs to its end.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        if !self.closed {
            let mut stdout = std::io::stdout().lock();
            let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
        }
    }

    /// Closes the descriptor; nothing is written afterwards, since its number may be taken by a file.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        let _ = nix::unistd::close(1);
    }
}

/// A line on stderr; unlike `eprintln!` it does not panic when nobody is there to read it.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
