//! Verbs that misbehave: bad output, deaf ears, processes left behind, sudden ends.

use std::io::Write;

use nix::sys::signal::{Signal, raise};
use serde_json::json;

use super::Player;
use crate::claude::Stop;
use crate::output::complain;
use crate::script::Step;
use crate::{bash, shape, signals};

impl Player<'_> {
    pub(super) fn fault(&mut self, step: Step) {
        match step {
            Step::Deaf => self.claude.deaf = true,
            Step::IgnoreSignals => signals::ignore(),
            Step::Linger => self.claude.lingers = true,
            Step::Crash => _ = raise(Signal::SIGKILL),
            Step::Garbage => self.claude.out.raw(b"{this is no JSON\n"),
            Step::Utf8 => self.invalid_utf8(),
            Step::LongLine { bytes } => self.long_line(bytes),
            Step::Stderr { bytes } => flood(bytes),
            Step::CloseStdout => self.claude.out.close(),
            Step::Daemon => self.daemon(),
            step => unreachable!("{step:?} is no fault"),
        }
    }

    pub(super) fn exit(code: u8, stderr: &str) -> Result<(), Stop> {
        if !stderr.is_empty() {
            complain(stderr);
        }
        Err(Stop::Leave(code))
    }

    /// An assistant line, whole but for two bytes that no UTF-8 text can hold.
    fn invalid_utf8(&mut self) {
        let (begin, end) = self.line_around("msg_utf8");
        for part in [begin.as_bytes(), b"\xff\xff", end.as_bytes()] {
            self.claude.out.raw(part);
        }
    }

    /// A line in pieces: to make it whole would take a busy machine seconds, in which nothing is printed.
    fn long_line(&mut self, bytes: usize) {
        const PIECE: usize = 64 << 10;
        let (begin, end) = self.line_around("msg_long");
        self.claude.out.raw(begin.as_bytes());
        for _ in 0..bytes.div_ceil(PIECE) {
            self.claude.out.raw(&[b'x'; PIECE]);
        }
        self.claude.out.raw(end.as_bytes());
    }

    /// What stands before and behind the text of an assistant line.
    fn line_around(&self, message: &str) -> (String, String) {
        let block = json!({"type": "text", "text": "@@"});
        let mut line = shape::assistant(&self.claude.flags, message, &block);
        line["session_id"] = json!(self.claude.session.id);
        line["uuid"] = json!(uuid::Uuid::new_v4());
        let line = format!("{line}\n");
        let (begin, end) = line.split_once("@@").expect("the text is in it");
        (begin.to_owned(), end.to_owned())
    }

    fn daemon(&mut self) {
        if let Err(e) = bash::leave_daemon(&self.claude.session.id) {
            complain(&format!("fake-claude: no daemon: {e}"));
        }
    }
}

/// Lines of 64 bytes.
fn flood(bytes: usize) {
    let line = format!("{:e<63}\n", "");
    let _ = std::io::stderr()
        .lock()
        .write_all(line.repeat(bytes.div_ceil(line.len())).as_bytes());
}
