//! Tool calls: Bash for real, the others made up.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Player;
use crate::bash::Bash;
use crate::claude::Stop;
use crate::shape;

const REJECTED: &str = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it \
    was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to \
    tell you how to proceed.";

impl Player<'_> {
    pub(super) fn tool(&mut self, name: &str, input: &Value) -> Result<(), Stop> {
        let message = self.open_message()?;
        let id = format!("toolu_{}", &Uuid::new_v4().simple().to_string()[..24]);
        self.partial(shape::block_start(
            0,
            &json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
        ));
        let json = json!({"type": "input_json_delta", "partial_json": input.to_string()});
        self.partial(shape::stream(
            json!({"type": "content_block_delta", "index": 0, "delta": json}),
        ));
        let block = json!({"type": "tool_use", "id": id, "name": name, "input": input});
        let uuid = Uuid::new_v4().to_string();
        self.claude.session.tool("assistant", &uuid, &block);
        let line = shape::assistant(&self.claude.flags, &message, &block);
        self.claude.out.event_as(&uuid, line);
        self.partial(shape::block_stop(0));
        self.close_message("tool_use");
        if name == "Bash" {
            return self.bash(&id, input["command"].as_str().unwrap_or_default());
        }
        let text = format!("The result of {name}, made up by fake-claude.");
        self.tool_result(&id, &text, false, json!({"type": "text", "text": text}));
        Ok(())
    }

    fn bash(&mut self, id: &str, command: &str) -> Result<(), Stop> {
        self.turn.tool_open = true;
        self.claude.tool_ended = None;
        let sender = self.claude.inbox.sender.clone();
        let bash = match Bash::start(command, &self.claude.session.id, sender) {
            Ok(bash) => bash,
            Err(e) => {
                self.tool_result(
                    id,
                    &format!("Error: {e}"),
                    true,
                    json!(format!("Error: {e}")),
                );
                return Ok(());
            }
        };
        match self.await_tool() {
            Ok(status) => self.bash_result(id, &bash, status),
            Err(stop) => {
                bash.kill_tree();
                if matches!(stop, Stop::Interrupted) {
                    self.tool_result(id, REJECTED, true, json!("User rejected tool use"));
                    self.turn.tool_open = true;
                }
                return Err(stop);
            }
        }
        Ok(())
    }

    fn await_tool(&mut self) -> Result<Option<ExitStatus>, Stop> {
        loop {
            if let Some(status) = self.claude.tool_ended.take() {
                return Ok(status);
            }
            self.claude.await_event(None)?;
        }
    }

    fn bash_result(&mut self, id: &str, bash: &Bash, status: Option<ExitStatus>) {
        let (stdout, stderr) = bash.output();
        let code =
            status.and_then(|status| status.code().or(status.signal().map(|signal| 128 + signal)));
        if code != Some(0) {
            let text = format!("Exit code {}\n{stdout}\n{stderr}", code.unwrap_or(-1));
            self.tool_result(
                id,
                text.trim_end(),
                true,
                json!(format!("Error: {}", text.trim_end())),
            );
            return;
        }
        let text = if stdout.is_empty() {
            "(Bash completed with no output)"
        } else {
            &stdout
        };
        let copy = json!({
            "stdout": stdout, "stderr": stderr, "interrupted": false, "isImage": false, "noOutputExpected": false,
        });
        self.tool_result(id, text, false, copy);
    }

    fn tool_result(&mut self, id: &str, text: &str, is_error: bool, copy: Value) {
        self.turn.tool_open = false;
        let block = json!({
            "type": "tool_result", "tool_use_id": id, "content": text, "is_error": is_error,
        });
        let uuid = Uuid::new_v4().to_string();
        self.claude.session.tool("user", &uuid, &block);
        let mut line = shape::user(&block);
        line["tool_use_result"] = copy;
        self.claude.out.event_as(&uuid, line);
    }
}
