//! A RabbitMQ and a Redis of a test's own, which it may kill, stop and start again.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use crate::process::PATIENCE;
use crate::services::{Engines, engines};

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    RabbitMq,
    Redis,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::RabbitMq => "rabbitmq",
            Self::Redis => "redis",
        }
    }
}

/// Ended with its data when dropped. Redis keeps its data on disk as the deployment's does: as far as a second ago.
pub struct PrivateEngines {
    folder: TempDir,
    /// Where both are; one that is not the test's own is the shared one.
    pub addresses: Engines,
}

impl PrivateEngines {
    /// Starts those; `None` where the test cannot run and need not: without the shared engines.
    ///
    /// # Panics
    /// When one does not start: they must be installed, or be had from apt.
    pub async fn start(own: &[Engine]) -> Option<Self> {
        let mut addresses = engines()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        for engine in own {
            run(folder.path(), &["up", engine.name()]).await;
            let url = std::fs::read_to_string(folder.path().join(engine.name()).join("url"))
                .expect("its address is on record");
            match engine {
                Engine::RabbitMq => addresses.amqp_url = url.trim().to_owned(),
                Engine::Redis => addresses.redis_url = url.trim().to_owned(),
            }
        }
        Some(Self { folder, addresses })
    }

    /// Kills it, as a crash of its machine would; what it had not written is lost.
    pub async fn kill(&self, engine: Engine) {
        run(self.folder.path(), &["kill", engine.name()]).await;
    }

    /// Starts it again at the same address, with what it has kept.
    pub async fn start_again(&self, engine: Engine) {
        run(self.folder.path(), &["start", engine.name()]).await;
    }

    /// Stops it (SIGSTOP) or lets it go on: it holds its connections, and answers none.
    ///
    /// # Panics
    /// When it does not run.
    pub fn freeze(&self, engine: Engine, frozen: bool) {
        let signal = if frozen {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        };
        kill(Pid::from_raw(self.pid(engine)), signal).expect("it runs");
    }

    /// Has RabbitMQ evaluate an Erlang expression.
    ///
    /// # Panics
    /// When it does not.
    pub async fn rabbitmq_eval(&self, expression: &str) {
        let folder = self.folder.path();
        run(folder, &["rabbitmqctl", "eval", expression]).await;
    }

    /// Its process.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn pid(&self, engine: Engine) -> i32 {
        let file = self.data(engine).join("pid");
        let pid = std::fs::read_to_string(file).expect("its process is on record");
        let pid = pid.split_whitespace().next();
        pid.and_then(|pid| pid.parse().ok()).expect("a number")
    }

    /// The folder with all it keeps.
    #[must_use]
    pub fn data(&self, engine: Engine) -> PathBuf {
        self.folder.path().join(engine.name())
    }

    /// Removes what a killed one has kept: it comes back empty.
    ///
    /// # Panics
    /// When it cannot be removed.
    pub fn forget(&self, engine: Engine) {
        let kept = match engine {
            Engine::RabbitMq => "mnesia",
            Engine::Redis => "appendonlydir",
        };
        std::fs::remove_dir_all(self.data(engine).join(kept)).expect("it has kept something");
    }

    /// Cuts the end off what a killed Redis has written, as a crash within that time would.
    ///
    /// # Panics
    /// When it has written nothing.
    pub fn cut_written(&self, bytes: u64) {
        let folder = self.data(Engine::Redis).join("appendonlydir");
        let files = std::fs::read_dir(folder).expect("it has written something");
        let newest = files
            .flatten()
            .map(|file| file.path())
            .filter(|path| path.to_string_lossy().ends_with(".incr.aof"))
            .max()
            .expect("it has written something");
        let file = std::fs::File::options()
            .write(true)
            .open(newest)
            .expect("it can be cut");
        let length = file.metadata().expect("it has a length").len();
        file.set_len(length.saturating_sub(bytes))
            .expect("it can be cut");
    }

    /// How many bytes Redis has written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        let folder = self.data(Engine::Redis).join("appendonlydir");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files
            .filter(|file| file.file_name().to_string_lossy().ends_with(".incr.aof"))
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum()
    }

    /// Runs a command on this Redis, past all proxies.
    ///
    /// # Panics
    /// When it does not succeed.
    pub async fn redis<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        crate::services::ask_redis(&self.addresses.redis_url, command).await
    }
}

impl Drop for PrivateEngines {
    fn drop(&mut self) {
        for engine in [Engine::RabbitMq, Engine::Redis] {
            if self.data(engine).join("pid").exists() {
                self.freeze(engine, false);
            }
        }
        let mut down = command(self.folder.path()).into_std();
        let ended = down
            .arg("down")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("the test's own engines may be left behind");
        }
    }
}

/// `deploy/services` for a folder of its own.
pub(crate) fn command(folder: &Path) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services");
    let mut command = Command::new(script);
    command
        .env("LONGSHORE_SERVICES_DIR", folder)
        .env("LONGSHORE_SERVICES_KEEP", "yes")
        .stdin(Stdio::null());
    command
}

async fn run(folder: &Path, words: &[&str]) {
    run_command(command(folder), words).await;
}

/// Runs it with these words, and gives what it printed.
///
/// # Panics
/// When it does not succeed in time.
pub(crate) async fn run_command(mut command: Command, words: &[&str]) -> String {
    let running = command.args(words).output();
    let output = timeout(PATIENCE * 3, running)
        .await
        .expect("it ends in time")
        .expect("the script can be run");
    assert!(
        output.status.success(),
        "deploy/services {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
