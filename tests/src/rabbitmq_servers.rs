//! RabbitMQ as larger installations run it: as a cluster, with TLS and accounts. Processes of a test's own.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::process::Command;

use crate::private_engines::{command, run_command};

/// One node, ended with its data when dropped.
pub struct RabbitServer {
    folder: TempDir,
    /// The node whose cluster it is in.
    beside: Option<PathBuf>,
}

impl RabbitServer {
    /// A node by itself with further settings, answering.
    ///
    /// # Panics
    /// When it does not start: it must be installed, or be had from apt.
    pub async fn start(settings: &str) -> Self {
        Self::up(settings, None).await
    }

    /// One more node of a node's cluster.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn join(first: &Self) -> Self {
        Self::up("", Some(first.folder.path().to_owned())).await
    }

    async fn up(settings: &str, beside: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("settings"), settings).expect("it is written");
        let node = Self { folder, beside };
        run_command(node.command(), &["up", "rabbitmq"]).await;
        node
    }

    fn command(&self) -> Command {
        let folder = self.folder.path();
        let mut command = command(folder);
        command.env("LONGSHORE_SERVICES_RABBITMQ_CONF", folder.join("settings"));
        if let Some(beside) = &self.beside {
            command.env("LONGSHORE_SERVICES_BESIDE", beside);
        }
        command
    }

    /// As a crash does; what it had not written is lost.
    pub async fn kill(&self) {
        run_command(self.command(), &["kill", "rabbitmq"]).await;
    }

    /// Starts it again at the same address, with what it has kept.
    pub async fn start_again(&self) {
        run_command(self.command(), &["start", "rabbitmq"]).await;
    }

    /// Where it takes connections without TLS.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn port(&self) -> u16 {
        let place = self.folder.path().join("rabbitmq/place");
        let place = std::fs::read_to_string(place).expect("its place is on record");
        let port = place.split_whitespace().next();
        port.and_then(|port| port.parse().ok()).expect("a port")
    }
}

impl Drop for RabbitServer {
    fn drop(&mut self) {
        let mut down = self.command().into_std();
        let ended = down.args(["down", "rabbitmq"]).output();
        if !ended.is_ok_and(|output| output.status.success()) {
            eprintln!("a RabbitMQ of the test's own may be left behind");
        }
    }
}
