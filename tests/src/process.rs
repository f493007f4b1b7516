//! A program under test: started with an environment of its own, its log kept, ended when dropped.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long anything may take that a healthy program does at once; the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. Its output is shown when the test fails.
pub struct Process {
    name: String,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    grown: watch::Receiver<usize>,
}

impl Process {
    /// Starts a program with nothing but the given environment.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(
        name: &str,
        program: &Path,
        args: &[String],
        environment: &[(String, String)],
    ) -> Self {
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (grow, grown) = watch::channel(0);
        let grow = Arc::new(grow);
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, Arc::clone(&lines), Arc::clone(&grow));
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, Arc::clone(&lines), grow);
        }
        Self {
            name: name.to_owned(),
            child,
            lines,
            grown,
        }
    }

    /// What the first line that holds it has behind `mark`, up to the next quote or space.
    ///
    /// # Panics
    /// When no such line comes in time.
    pub async fn word_after(&self, mark: &str) -> String {
        let mut grown = self.grown.clone();
        let found = async {
            loop {
                grown.mark_unchanged();
                if let Some(word) = self.find(mark) {
                    return word;
                }
                // An error says that the program has closed its output.
                grown
                    .changed()
                    .await
                    .unwrap_or_else(|_| panic!("{} ended without {mark:?}", self.name));
            }
        };
        timeout(PATIENCE, found)
            .await
            .unwrap_or_else(|_| panic!("{} does not say {mark:?}", self.name))
    }

    fn find(&self, mark: &str) -> Option<String> {
        let lines = self.lines.lock().expect("no reader panics");
        let rest = lines
            .iter()
            .find_map(|line| line.split_once(mark).map(|(_, rest)| rest.to_owned()))?;
        Some(rest.split(['"', ' ']).next().unwrap_or_default().to_owned())
    }

    /// All it has printed so far.
    #[must_use]
    pub fn output(&self) -> String {
        self.lines.lock().expect("no reader panics").join("\n")
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has in memory, in KiB; `None` when it runs no more.
    #[must_use]
    pub fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id().cast_signed()), signal);
    }

    /// Waits for its exit.
    ///
    /// # Panics
    /// When it does not come in time.
    pub async fn exit(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("its state can be asked") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended)
            .await
            .unwrap_or_else(|_| panic!("{} does not end", self.name))
    }

    /// Ends it in good order.
    ///
    /// # Panics
    /// When it does not exit with 0 in time.
    pub async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.exit().await;
        assert_eq!(status.code(), Some(0), "{} ended with {status}", self.name);
    }
}

/// Looks again and again until something holds.
///
/// # Panics
/// When it does not in time.
pub async fn until(holds: impl Fn() -> bool) {
    let look = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, look).await.expect("it comes true");
}

/// As [`until`], where looking means to ask somebody.
///
/// # Panics
/// When it does not in time.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let look = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = timeout(PATIENCE, look).await.is_ok();
    assert!(in_time, "not in time: {what}");
}

/// Runs a program to its end in a folder, with nothing but the given environment.
///
/// # Panics
/// When it cannot be started, or does not end in time.
pub async fn run_to_end(
    program: &Path,
    args: &[&str],
    environment: &[(&str, &str)],
    folder: &Path,
) -> Output {
    let running = tokio::process::Command::new(program)
        .args(args)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    timeout(PATIENCE, running)
        .await
        .unwrap_or_else(|_| panic!("{} {args:?} does not end", program.display()))
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {} printed:\n{}", self.name, self.output());
        }
    }
}

/// Keeps the lines of one stream; the thread ends with the stream.
fn collect(
    stream: impl std::io::Read + Send + 'static,
    lines: Arc<Mutex<Vec<String>>>,
    grow: Arc<watch::Sender<usize>>,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().expect("no reader panics").push(line);
            grow.send_modify(|count| *count += 1);
        }
    });
}
