//! Redis as larger installations run it: with sentinels, as a cluster, with TLS and accounts. Processes of a test's own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::ports::free_port;
use crate::process::PATIENCE;
use crate::services::{ask_redis, path};

mod cluster;
mod sentinel;

pub use cluster::RedisCluster;
pub use sentinel::Sentinels;

/// One process, which ends with its data when dropped.
pub struct RedisServer {
    pub port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// A node with further arguments, answering. Three tries, since another may take the port before it does.
    ///
    /// # Panics
    /// When it does not start: it must be installed.
    pub async fn start(arguments: &[&str]) -> Self {
        for _ in 0..3 {
            let port = free_port().await;
            let arguments = arguments.iter().map(|argument| (*argument).to_owned());
            let mut all = vec!["--port".to_owned(), port.to_string()];
            all.extend(arguments);
            let mut server = Self::launch(port, all);
            if server.answers().await {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// A process that is told everything by a file, which it may write to.
    fn with_file(port: u16, text: &str, mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("redis.conf");
        std::fs::write(&file, text).expect("it is written");
        let arguments = vec![file.display().to_string(), mode.to_owned()];
        Self::launch_in(folder, port, arguments)
    }

    fn launch(port: u16, arguments: Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::launch_in(folder, port, arguments)
    }

    fn launch_in(folder: TempDir, port: u16, arguments: Vec<String>) -> Self {
        let child = spawn(folder.path(), &arguments);
        Self {
            port,
            folder,
            arguments,
            child,
        }
    }

    /// Whether it begins to answer, rather than ending.
    async fn answers(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.child.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            if self.is_open() {
                return true;
            }
            sleep(std::time::Duration::from_millis(50)).await;
        }
        false
    }

    fn is_open(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// As a crash does.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it is ours");
    }

    /// Starts what was killed, with what it has kept.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.child = spawn(self.folder.path(), &self.arguments);
        assert!(self.answers().await, "redis comes back");
    }

    /// How many replicas it sends everything to. Before that they cannot take its place.
    async fn replicas(&self) -> usize {
        let url = format!("redis://{}", self.address());
        let told: String = ask_redis(&url, &["INFO", "replication"]).await;
        told.matches("state=online").count()
    }

    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn spawn(folder: &Path, arguments: &[String]) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .expect("a log");
    Command::new(redis_program())
        .args(arguments)
        .args(common(arguments))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is installed")
}

/// Sentinels are told everything by their file.
fn common(arguments: &[String]) -> Vec<&'static str> {
    if arguments.iter().any(|argument| argument == "--sentinel") {
        return Vec::new();
    }
    vec![
        "--repl-diskless-sync-delay",
        "0",
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "yes",
        "--daemonize",
        "no",
    ]
}

fn redis_program() -> PathBuf {
    let path = path();
    let mut candidates = path.split(':').flat_map(|folder| {
        ["redis-server", "valkey-server"].map(|name| Path::new(folder).join(name))
    });
    let found = candidates.find(|program| program.exists());
    found.unwrap_or_else(|| "redis-server".into())
}
