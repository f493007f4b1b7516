//! Servers as users run them: `longshore dev`, or APIs and workers as programs of their own on real engines.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fake_claude::witness::{self, Event};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use uuid::Uuid;

use crate::client::Client;
use crate::process::Process;
use crate::services::{Engines, engines, path, program};

mod setup;

pub use setup::Setup;

/// A running server with a namespace and folders of its own.
pub struct Server {
    /// One client for every API.
    pub clients: Vec<Client>,
    pub apis: Vec<Process>,
    pub workers: Vec<Process>,
    setup: Setup,
    engines: Option<Engines>,
    namespace: String,
    folder: TempDir,
}

impl Server {
    /// Runs a test on `longshore dev`: one process, backends in memory.
    pub async fn embedded<F: Future<Output = Server>>(
        setup: Setup,
        test: impl FnOnce(Server) -> F,
    ) {
        let mut server = Server::new(setup, None);
        let mut environment = server.environment();
        environment.push(("LONGSHORE_BIND".to_owned(), "127.0.0.1:0".to_owned()));
        let dev = Process::start(
            "longshore dev",
            &program("longshore"),
            &["dev".to_owned()],
            &environment,
        );
        let url = dev.word_after("Longshore listens on ").await;
        server.clients = vec![Client::new(&url)];
        server.apis = vec![dev];
        test(server).await.finish().await;
    }

    /// Runs a test on APIs and workers of their own, on RabbitMQ and Redis.
    pub async fn cluster<F: Future<Output = Server>>(setup: Setup, test: impl FnOnce(Server) -> F) {
        let Some(engines) = setup.engines.clone().or_else(engines) else {
            return;
        };
        let mut server = Server::new(setup, Some(engines));
        for _ in 0..server.setup.apis {
            server.start_api().await;
        }
        for _ in 0..server.setup.workers {
            server.start_worker().await;
        }
        for client in &server.clients {
            client.ready().await;
        }
        test(server).await.finish().await;
    }

    /// Runs a test on programs that are API and worker at once, whose engines fail until [`Self::mend_engines`]: one program
    /// that keeps everything in memory, or as many as there are to be APIs, on RabbitMQ and Redis.
    pub async fn unreliable<F: Future<Output = Server>>(
        setup: Setup,
        in_memory: bool,
        test: impl FnOnce(Server) -> F,
    ) {
        let engines = (!in_memory).then(engines).flatten();
        if engines.is_none() && !in_memory {
            return;
        }
        let mut server = Server::new(setup, engines);
        let (count, args) = match in_memory {
            true => (1, vec!["--in-memory".to_owned()]),
            false => (server.setup.apis, Vec::new()),
        };
        let mut environment = server.environment();
        environment.push(("LONGSHORE_BIND".to_owned(), "127.0.0.1:0".to_owned()));
        for n in 1..=count {
            let name = format!("unreliable {n}");
            let both = Process::start(&name, &program("unreliable"), &args, &environment);
            let url = both.word_after("listening on ").await;
            server.clients.push(Client::new(&url));
            server.apis.push(both);
        }
        test(server).await.finish().await;
    }

    /// From now on the engines of unreliable programs do what they are asked.
    pub fn mend_engines(&self) {
        for program in &self.apis {
            program.signal(Signal::SIGUSR1);
        }
    }

    fn new(setup: Setup, engines: Option<Engines>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("witness")).expect("a folder for witnesses");
        let namespace = format!("test-{}", Uuid::new_v4());
        Self {
            clients: Vec::new(),
            apis: Vec::new(),
            workers: Vec::new(),
            setup,
            engines,
            namespace,
            folder,
        }
    }

    /// Starts one more API.
    pub async fn start_api(&mut self) {
        self.start_api_with(&[]).await;
    }

    /// Starts one more API, with settings of its own.
    pub async fn start_api_with(&mut self, settings: &[(&str, &str)]) {
        let mut environment = self.environment();
        environment.extend(owned(settings));
        environment.push(("LONGSHORE_BIND".to_owned(), "127.0.0.1:0".to_owned()));
        let name = format!("api {}", self.apis.len() + 1);
        let api = Process::start(&name, &self.setup.api, &[], &environment);
        let address = api.word_after(r#""listening","address":""#).await;
        self.clients.push(Client::new(&format!("http://{address}")));
        self.apis.push(api);
    }

    /// Starts one more worker.
    pub async fn start_worker(&mut self) {
        self.start_worker_with(&[]).await;
    }

    /// Starts one more worker, with settings of its own.
    pub async fn start_worker_with(&mut self, settings: &[(&str, &str)]) {
        let name = format!("worker {}", self.workers.len() + 1);
        let mut environment = self.environment();
        environment.extend(owned(settings));
        let worker = Process::start(&name, &self.setup.worker, &[], &environment);
        worker.word_after(r#""taking jobs""#).await;
        self.workers.push(worker);
    }

    /// What runs now of its executions: a line for each process.
    #[must_use]
    pub fn processes(&self) -> Vec<String> {
        marked_processes(self.folder.path())
    }

    /// A client of the first API.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.clients[0]
    }

    /// A client of the last API: another replica where there are several.
    #[must_use]
    pub fn other(&self) -> &Client {
        &self.clients[self.clients.len() - 1]
    }

    /// The folder of a workspace.
    #[must_use]
    pub fn workspace(&self, id: &str) -> PathBuf {
        self.folder.path().join("workspaces").join(id)
    }

    /// Where the sessions' transcripts are kept.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Where the scripted CLI leaves its witness records.
    #[must_use]
    pub fn witness(&self) -> PathBuf {
        self.folder.path().join("witness")
    }

    /// Takes everything from Redis that belongs to this server.
    pub async fn empty_redis(&self) {
        if let Some(engines) = &self.engines {
            crate::services::empty_redis(engines, &self.namespace).await;
        }
    }

    /// Closes a session as a server does that dies before it has cancelled anything.
    pub async fn close_half(&self, session: &str) {
        if let Some(engines) = &self.engines {
            crate::services::mark_closed(engines, &self.namespace, session).await;
        }
    }

    /// The name that everything of this server begins with.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its Redis, where it has one.
    #[must_use]
    pub fn redis_url(&self) -> Option<&str> {
        self.engines
            .as_ref()
            .map(|engines| engines.redis_url.as_str())
    }

    /// The environment that its programs are started with.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let folder = |name: &str| self.folder.path().join(name).display().to_string();
        let mut environment = vec![
            ("PATH".to_owned(), path()),
            ("TMPDIR".to_owned(), folder("")),
            ("FAKE_CLAUDE_WITNESS".to_owned(), folder("witness")),
            (
                "LONGSHORE_CLAUDE_ENV".to_owned(),
                "FAKE_CLAUDE_WITNESS,IS_SANDBOX".to_owned(),
            ),
            (
                "LONGSHORE_CLAUDE_BIN".to_owned(),
                self.setup.claude.display().to_string(),
            ),
            ("LONGSHORE_WORKSPACES".to_owned(), folder("workspaces")),
            ("LONGSHORE_STATE".to_owned(), folder("state")),
            ("LONGSHORE_ADMIN_BIND".to_owned(), String::new()),
            ("LONGSHORE_NAMESPACE".to_owned(), self.namespace.clone()),
            ("LONGSHORE_LOG_FORMAT".to_owned(), "json".to_owned()),
            // All tests are one caller, and some send much at once.
            ("LONGSHORE_RATE_LIMIT".to_owned(), "0".to_owned()),
        ];
        if let Some(engines) = &self.engines {
            environment.push(("LONGSHORE_AMQP_URL".to_owned(), engines.amqp_url.clone()));
            environment.push(("LONGSHORE_REDIS_URL".to_owned(), engines.redis_url.clone()));
        }
        environment.extend(self.setup.settings.iter().cloned());
        environment
    }

    /// Ends all programs in good order, and fails when anything is left of them or was run twice.
    async fn finish(self) {
        for worker in self.workers {
            worker.stop().await;
        }
        for api in self.apis {
            api.stop().await;
        }
        let left = marked_processes(self.folder.path());
        assert!(left.is_empty(), "these processes are left behind: {left:?}");
        let overlaps: Vec<_> = witness::read(&self.folder.path().join("witness"))
            .into_iter()
            .filter(|record| record.event == Event::Overlap)
            .collect();
        assert!(overlaps.is_empty(), "run twice at once: {overlaps:?}");
        if let Some(engines) = &self.engines
            && !self.setup.throwaway
        {
            crate::services::clean(engines, &self.namespace).await;
        }
    }
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = settings.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Processes whose environment names this test's folder and an execution.
fn marked_processes(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let marked = |environment: &str| {
        environment.contains("LONGSHORE_EXECUTION_ID=") && environment.contains(&folder)
    };
    std::fs::read_dir("/proc")
        .expect("/proc is there")
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            marked(&String::from_utf8_lossy(&environment)).then(|| {
                format!(
                    "{}: {}",
                    entry.path().display(),
                    String::from_utf8_lossy(&command)
                )
            })
        })
        .collect()
}

/// How long something may take to be noticed that is looked for every few seconds.
pub const SOON: Duration = Duration::from_secs(20);
