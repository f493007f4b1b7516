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
            Step::LongLine { bytes } => self.text_line("msg_long", &"x".repeat(bytes)),
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
        let block = json!({"type": "text", "text": "before @@ after"});
        let mut line = shape::assistant(&self.claude.flags, "msg_utf8", &block);
        line["session_id"] = json!(self.claude.session.id);
        line["uuid"] = json!(uuid::Uuid::new_v4());
        let mut bytes = format!("{line}\n").into_bytes();
        for byte in bytes.iter_mut().filter(|byte| **byte == b'@') {
            *byte = 0xff;
        }
        self.claude.out.raw(&bytes);
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
