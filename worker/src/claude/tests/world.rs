//! A workspace whose `script.sh` is the CLI.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser;
use longshore_shared::execution::{Ending, ErrorCode};
use longshore_shared::id::{ExecutionId, ExecutionKey, SessionId};
use longshore_shared::job::{Job, RunRequest};
use longshore_shared::timestamp::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::claude::marks::Mark;
use crate::claude::{Limits, LineSink, RunFolder, Spec, Stop, run};
use crate::config::ClaudeSettings;
use crate::outcome::{Report, decide};
use crate::stream_json::Peek;

/// A success, and what may follow a success.
pub(super) const RESULT: &str = r#"echo '{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"ok"}'"#;

/// A turn that was interrupted.
pub(super) const ABORTED: &str = r#"echo '{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_streaming"}'"#;

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    claude: ClaudeSettings,
}

pub(super) struct World {
    root: tempfile::TempDir,
    pub(super) job: Job,
    pub(super) settings: ClaudeSettings,
    pub(super) limits: Limits,
    pub(super) stop: watch::Sender<Option<Stop>>,
    pub(super) freeze: watch::Sender<bool>,
}

impl World {
    pub(super) fn new(script: &str) -> Self {
        let cli = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/cli.sh");
        let settings = Settings::parse_from(["test", "--claude-bin", cli.to_str().unwrap()]).claude;
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("script.sh"), script).unwrap();
        std::fs::create_dir(root.path().join("runs")).unwrap();
        let job = job();
        let long = Duration::from_secs(60);
        // Long enough for a script to answer on a busy machine.
        let short = Duration::from_secs(1);
        let limits = Limits {
            total: long,
            stall: long,
            linger: long,
            step: short,
            rest: short,
        };
        Self {
            root,
            job,
            settings,
            limits,
            stop: watch::Sender::new(None),
            freeze: watch::Sender::new(false),
        }
    }

    pub(super) fn workspace(&self) -> PathBuf {
        self.root.path().to_owned()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark::execution(self.job.execution_id)
    }

    /// Runs to the end, within a bound, and checks that nothing is left.
    pub(super) async fn run(&self, sink: &mut dyn LineSink) -> Report {
        let folder = RunFolder::create(&self.workspace().join("runs"), self.job.key(), 1).unwrap();
        let spec = Spec {
            job: &self.job,
            attempt: 1,
            settings: &self.settings,
            limits: self.limits,
            workspace: self.root.path(),
            folder: &folder,
            resume: None,
            worker_id: "worker-test",
            frozen: self.freeze.subscribe(),
        };
        let run = run(spec, self.stop.subscribe(), sink);
        let report = tokio::time::timeout(Duration::from_secs(30), run)
            .await
            .expect("the run ends");
        assert!(
            !self.mark().is_anywhere().await,
            "nothing of the run is left"
        );
        report
    }

    /// Runs and collects the lines.
    pub(super) async fn collect(&self) -> (Report, Vec<String>) {
        let mut lines = Collected::default();
        (self.run(&mut lines).await, lines.0)
    }

    pub(super) async fn ending(&self) -> Ending {
        decide(&self.collect().await.0)
    }

    pub(super) async fn code(&self) -> Option<ErrorCode> {
        self.ending().await.error.map(|error| error.code)
    }
}

fn job() -> Job {
    let request: RunRequest = serde_json::from_str(r#"{"prompt":"Say hello."}"#).unwrap();
    let key = ExecutionKey {
        session: SessionId::generate(),
        execution: ExecutionId::generate(),
    };
    Job {
        execution_id: key.execution,
        session_id: key.session,
        workspace_id: "w".parse().unwrap(),
        accepted_at: Timestamp::now(),
        trace_id: "0".repeat(32),
        traceparent: None,
        request,
    }
}

#[derive(Default)]
struct Collected(Vec<String>);

#[async_trait]
impl LineSink for Collected {
    async fn line(&mut self, line: &str, _: &Peek<'_>) {
        self.0.push(line.to_owned());
    }
}

/// Tells of each line as it comes.
pub(super) struct Told(pub(super) mpsc::UnboundedSender<String>);

#[async_trait]
impl LineSink for Told {
    async fn line(&mut self, line: &str, _: &Peek<'_>) {
        self.0.send(line.to_owned()).unwrap();
    }
}

/// Takes its first line and is never done with it.
pub(super) struct Stuck(pub(super) mpsc::UnboundedSender<String>);

#[async_trait]
impl LineSink for Stuck {
    async fn line(&mut self, line: &str, _: &Peek<'_>) {
        self.0.send(line.to_owned()).unwrap();
        std::future::pending().await
    }
}

/// Takes lines only while it is open.
pub(super) struct Gate(pub(super) watch::Receiver<bool>, pub(super) Vec<String>);

#[async_trait]
impl LineSink for Gate {
    async fn line(&mut self, line: &str, _: &Peek<'_>) {
        self.0.wait_for(|open| *open).await.unwrap();
        self.1.push(line.to_owned());
    }
}
