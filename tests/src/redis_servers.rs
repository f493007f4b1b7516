//! Redis as larger installations run it: with sentinels, as a cluster, with TLS and accounts. Processes of a test's own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

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

/// What a node says, and what a sentinel says, when all its ports are its own and its data is loaded.
const READY: [&str; 2] = ["Ready to accept connections", "Sentinel ID is"];

/// One process, which ends with its data when dropped.
pub struct RedisServer {
    pub port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// A node with further arguments, answering.
    ///
    /// # Panics
    /// When it does not start: it must be installed.
    pub async fn start(arguments: &[&str]) -> Self {
        let port = free_port().await;
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        let mut all = vec!["--port".to_owned(), port.to_string()];
        all.extend(arguments);
        Self::launch(port, all).up().await
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

    /// This one, once it answers.
    ///
    /// # Panics
    /// When it ends instead, or does not answer in time.
    async fn up(mut self) -> Self {
        let answers = self.answers().await;
        assert!(answers, "redis does not start: {}", self.log());
        self
    }

    /// Whether it begins to answer, rather than ending. It must say so: a port that is open may be another's, and its own is
    /// before it has found out that it cannot have the next.
    async fn answers(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.child.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            if READY.iter().any(|ready| self.log().contains(ready)) {
                return true;
            }
            sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// What it has said since it was started last.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("it has a log")
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
        let answers = self.answers().await;
        assert!(answers, "redis does not come back: {}", self.log());
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
    let log = std::fs::File::create(folder.join("log")).expect("a log");
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

#[cfg(test)]
mod tests {
    use super::RedisServer;
    use crate::ports::free_port;
    use crate::services::engines;

    /// Another's port is open, and is no sign of a node's own.
    #[tokio::test]
    async fn a_node_is_up_when_it_has_all_its_ports() {
        if engines().is_none() {
            return;
        }
        let others = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = others.local_addr().unwrap().port();
        for (own, bus) in [(taken, free_port().await), (free_port().await, taken)] {
            let [port, bus] = [own, bus].map(|port| port.to_string());
            let arguments = [
                "--port",
                &port,
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
            ];
            let arguments = arguments.map(str::to_owned).to_vec();
            let mut node = RedisServer::launch(own, arguments);
            assert!(!node.answers().await, "{}", node.log());
        }
    }
}
