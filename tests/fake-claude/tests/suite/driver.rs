//! Starts the binary in a folder and home of its own and talks to it; every wait is bounded.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Far above what anything here takes, so that only a hang reaches it.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// A home and a working folder, which several processes may share.
pub(crate) struct Place {
    dir: Arc<TempDir>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("work")).unwrap();
        Self { dir: dir.into() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-claude"));
        command
            .args([
                "-p",
                "--output-format",
                "stream-json",
                "--verbose",
                "--input-format=stream-json",
            ])
            .args(flags)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("CLAUDE_CONFIG_DIR", self.path().join("config"))
            .current_dir(self.path().join("work"));
        command
    }

    pub(crate) fn start(&self, flags: &[&str]) -> Run {
        let mut run = Run::spawn(self.command(flags));
        run.place = Some(Arc::clone(&self.dir));
        run
    }

    /// Where that session is kept.
    pub(crate) fn transcript(&self, session: &str) -> PathBuf {
        let cwd = self.path().join("work").canonicalize().unwrap();
        let folder = cwd
            .to_str()
            .unwrap()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        self.path()
            .join("config/projects")
            .join(folder)
            .join(format!("{session}.jsonl"))
    }
}

pub(crate) struct Run {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    stderr: Receiver<String>,
    /// Kept until the process has ended.
    place: Option<Arc<TempDir>>,
}

impl Run {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let ((line, lines), (all, errors)) = (channel(), channel());
        thread::spawn(move || {
            let read = BufReader::new(stdout).split(b'\n').map_while(Result::ok);
            read.for_each(|bytes| _ = line.send(bytes));
        });
        thread::spawn(move || {
            let mut text = String::new();
            let _ = BufReader::new(stderr).read_to_string(&mut text);
            let _ = all.send(text);
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            stderr: errors,
            place: None,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&mut self, line: &Value) {
        writeln!(self.stdin.as_ref().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn prompt(&mut self, text: &str) {
        self.send(&json!({"type": "user", "message": {"role": "user", "content": text}}));
    }

    pub(crate) fn interrupt(&mut self) {
        let request = json!({"subtype": "interrupt"});
        self.send(&json!({"type": "control_request", "request_id": "i1", "request": request}));
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next line, or `None` when stdout was closed.
    pub(crate) fn raw(&mut self) -> Option<Vec<u8>> {
        match self.lines.recv_timeout(BOUND) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("silence"),
        }
    }

    pub(crate) fn line(&mut self) -> Value {
        serde_json::from_slice(&self.raw().expect("a line")).expect("JSON")
    }

    /// All lines up to one of that type.
    pub(crate) fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut lines = vec![self.line()];
        while lines.last().unwrap()["type"] != kind {
            lines.push(self.line());
        }
        lines
    }

    /// One turn: the texts of the assistant and the result.
    pub(crate) fn turn(&mut self, prompt: &str) -> (Vec<String>, Value) {
        self.prompt(prompt);
        let lines = self.until("result");
        (texts(&lines), lines.last().unwrap().clone())
    }

    pub(crate) fn silent_for(&self, time: Duration) -> bool {
        self.lines.recv_timeout(time).is_err()
    }

    /// Closes stdin and awaits the end: the exit and what stderr said.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        self.close_stdin();
        self.exit()
    }

    /// Awaits the end with stdin as it is.
    pub(crate) fn exit(mut self) -> (ExitStatus, String) {
        let stderr = self
            .stderr
            .recv_timeout(BOUND)
            .expect("stderr is still open");
        (self.child.wait().unwrap(), stderr)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn texts(lines: &[Value]) -> Vec<String> {
    let assistant = lines.iter().filter(|line| line["type"] == "assistant");
    let text = |line: &Value| {
        line["message"]["content"][0]["text"]
            .as_str()
            .map(str::to_owned)
    };
    assistant.filter_map(text).collect()
}

/// Whether a process lives, zombies not counted.
pub(crate) fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}
