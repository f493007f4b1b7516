//! One `longshore load` against a server, and what it has told.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::process::Process;
use crate::server::Server;
use crate::services::program;

/// For one load: the longest lasts half a minute.
const LONGEST: Duration = Duration::from_secs(300);

pub(super) struct Load {
    arguments: Vec<String>,
    executions: u32,
    watched: bool,
}

impl Load {
    /// So many executions of that prompt, so many of them at once.
    pub(super) fn new(executions: u32, at_once: u32, prompt: &str) -> Self {
        let arguments = [
            "load",
            "--json",
            "-n",
            &executions.to_string(),
            "-c",
            &at_once.to_string(),
            "--prompt",
            prompt,
        ];
        Self {
            arguments: arguments.map(str::to_owned).into(),
            executions,
            watched: true,
        }
    }

    pub(super) fn unwatched(mut self) -> Self {
        self.arguments.push("--unwatched".to_owned());
        self.watched = false;
        self
    }

    pub(super) fn idle(mut self, sockets: u32, executions: u32) -> Self {
        let idle = [
            "--idle",
            &sockets.to_string(),
            "--idle-executions",
            &executions.to_string(),
        ];
        self.arguments.extend(idle.map(str::to_owned));
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When anything was lost, repeated, out of order or refused, or has not completed.
    pub(super) async fn run(self, server: &Server) -> Report {
        let mut command = Command::new(program("longshore"));
        command
            .args(&self.arguments)
            .args(["--url", server.client().url()]);
        for (name, process) in processes(server) {
            command.args(["--process", &format!("{name}={}", process.id())]);
        }
        let running = command
            .env_clear()
            .current_dir(Path::new("/"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(LONGEST, running)
            .await
            .expect("it ends in time")
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
        let whole = output.status.success()
            && report["errors"]
                .as_object()
                .is_some_and(|kinds| kinds.is_empty());
        assert!(whole && report["accepted"] == self.executions, "{report:#}");
        assert!(
            !self.watched || report["ended"]["completed"] == self.executions,
            "{report:#}"
        );
        Report(report)
    }
}

fn processes(server: &Server) -> impl Iterator<Item = (&'static str, &Process)> {
    let apis = server.apis.iter().map(|api| ("api", api));
    apis.chain(server.workers.iter().map(|worker| ("worker", worker)))
}

pub(super) struct Report(Value);

impl Report {
    pub(super) fn number(&self, pointer: &str) -> f64 {
        let number = self.0.pointer(pointer).and_then(Value::as_f64);
        number.unwrap_or_else(|| panic!("{pointer}: {:#}", self.0))
    }

    pub(super) fn ended_per_second(&self) -> f64 {
        self.number("/ended/completed") / self.number("/seconds")
    }

    /// Of all APIs and workers; the CLI is not among them.
    pub(super) fn cpu_seconds(&self) -> f64 {
        self.of("", "cpu_seconds")
    }

    pub(super) fn kib(&self, name: &str) -> f64 {
        self.of(name, "kib")
    }

    pub(super) fn peak_kib(&self, name: &str) -> f64 {
        self.of(name, "peak_kib")
    }

    /// The sum over the processes of that name, or over all.
    fn of(&self, name: &str, field: &str) -> f64 {
        let processes = self.0["processes"].as_array().into_iter().flatten();
        let named = processes.filter(|process| name.is_empty() || process["name"] == name);
        named.filter_map(|process| process[field].as_f64()).sum()
    }
}

pub(super) fn resident_kib(process: &Process) -> f64 {
    let kib = process.resident().expect("it runs");
    kib as f64
}
