//! A soak: random work under random faults for a given time, and a verdict at its end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::client::Client;
use crate::private_engines::{Engine, PrivateEngines};
use crate::server::{Server, Setup};

mod faults;
mod load;
mod memory;
mod verdict;

pub use verdict::Verdict;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub time: Duration,
    /// The same work and the same faults; not the same moments, which are the machine's.
    pub seed: u64,
    /// From one fault to the next, on average.
    pub between_faults: Duration,
}

/// APIs and workers, and what a worker runs at once. Seven tenths of all slots are in use.
const APIS: usize = 3;
const WORKERS: usize = 3;
const SLOTS: usize = 4;
const CLIENTS: usize = WORKERS * SLOTS * 7 / 10;

/// What all parts of a soak share.
struct Shared {
    /// The APIs that are there now.
    replicas: Mutex<Vec<Client>>,
    over: AtomicBool,
}

impl Shared {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn replica(&self, random: &mut fastrand::Rng) -> Client {
        let replicas = self.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        replicas[random.usize(..replicas.len())].clone()
    }

    fn set_replicas(&self, clients: &[Client]) {
        *self.replicas.lock().unwrap_or_else(PoisonError::into_inner) = clients.to_vec();
    }
}

/// Runs it on engines of its own; `None` where there are none to be had.
///
/// # Panics
/// When something is left behind at the end, or was run twice.
pub async fn run(plan: Plan) -> Option<Verdict> {
    let engines = PrivateEngines::start(&[Engine::RabbitMq, Engine::Redis]).await?;
    let engines = &engines;
    let setup = Setup {
        apis: APIS,
        workers: WORKERS,
        ..Setup::default()
    };
    let setup = setup
        .on(&engines.addresses)
        .with("LONGSHORE_SLOTS", &SLOTS.to_string())
        .with("LONGSHORE_LEASE", "5s")
        .with("LONGSHORE_DRAIN", "5s");
    let mut verdict = None;
    Server::cluster(setup, |server| async {
        let (server, found) = soak(server, engines, plan).await;
        verdict = Some(found);
        server
    })
    .await;
    verdict
}

/// The same work for a time, with no other faults than those of an unreliable server's engines, which are mended at the end.
///
/// # Panics
/// When what was refused has run, or something is kept.
pub async fn run_on_unreliable(
    server: &Server,
    clients: usize,
    time: Duration,
    seed: u64,
) -> Verdict {
    let shared = Arc::new(Shared {
        replicas: Mutex::new(server.clients.clone()),
        over: AtomicBool::new(false),
    });
    let work = load::start(&shared, clients, seed);
    sleep(time).await;
    shared.over.store(true, Ordering::Relaxed);
    let done = work.finish().await;
    server.mend_engines();
    server.settled_with_refused(&done.accepted).await;
    Verdict::of(server, done, BTreeMap::new(), memory::Memory::default()).await
}

async fn soak(mut server: Server, engines: &PrivateEngines, plan: Plan) -> (Server, Verdict) {
    let shared = Arc::new(Shared {
        replicas: Mutex::new(server.clients.clone()),
        over: AtomicBool::new(false),
    });
    let work = load::start(&shared, CLIENTS, plan.seed);
    let mut memory = memory::Memory::default();
    let faults = faults::run(&mut server, engines, &shared, plan, &mut memory).await;
    shared.over.store(true, Ordering::Relaxed);
    let done = work.finish().await;
    let verdict = Verdict::of(&server, done, faults, memory).await;
    (server, verdict)
}
