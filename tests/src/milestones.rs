//! What an execution has come to: it runs, keeps a checkpoint, has ended.

use std::time::Duration;

use fake_claude::witness::{self, Event};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::client::next_frame;
use crate::process::{PATIENCE, until};
use crate::server::Server;

const PAUSE: Duration = Duration::from_millis(50);

impl Server {
    /// Submits a prompt, and waits until the CLI has printed its first line.
    pub async fn running(&self, prompt: &str) -> String {
        let (execution, _) = self.client().submit(prompt).await;
        self.speaks(&execution).await;
        execution
    }

    /// Waits until the CLI has printed its first line for an execution.
    ///
    /// # Panics
    /// When it ends without one.
    pub async fn speaks(&self, execution: &str) {
        let mut socket = self.client().socket(execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
    }

    /// Waits until a checkpoint of a session's transcript is kept: whole, under its own name.
    pub async fn keeps_a_checkpoint(&self, session: &str) {
        let folder = self.state().join("sessions").join(session);
        until(|| {
            let files = std::fs::read_dir(&folder).into_iter().flatten();
            let mut names = files.flatten().map(|file| file.file_name());
            names.any(|name| name.to_string_lossy().ends_with(".checkpoint.jsonl"))
        })
        .await;
    }

    /// In which order CLIs began, and for which executions.
    #[must_use]
    pub fn starts(&self) -> Vec<String> {
        let records = witness::read(&self.witness()).into_iter();
        records
            .filter(|record| record.event == Event::Start)
            .filter_map(|record| record.execution)
            .collect()
    }

    /// Waits until an execution has ended, and gives its record.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn ended(&self, execution: &str) -> Value {
        let path = format!("/api/v1/claude/executions/{execution}");
        let mut seen = Value::Null;
        let ended = async {
            loop {
                seen = self.other().get(&path).await.body;
                if seen["ended_at"].is_string() {
                    return;
                }
                sleep(PAUSE).await;
            }
        };
        let in_time = timeout(PATIENCE * 2, ended).await.is_ok();
        assert!(in_time, "{execution} has not ended: {seen:#}");
        seen
    }
}
