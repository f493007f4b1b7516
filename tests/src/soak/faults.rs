//! The faults: one after the other, drawn by a seed.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use super::memory::Memory;
use super::{Plan, Shared};
use crate::private_engines::{Engine, PrivateEngines};
use crate::server::Server;
use crate::services::ask_redis;

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillWorker,
    SleepWorker,
    ReplaceWorker,
    KillApi,
    ReplaceApi,
    KillRedis,
    FreezeRedis,
    KillRabbitMq,
    FreezeRabbitMq,
    KillSubscriptions,
}

const ALL: [Fault; 10] = [
    Fault::KillWorker,
    Fault::SleepWorker,
    Fault::ReplaceWorker,
    Fault::KillApi,
    Fault::ReplaceApi,
    Fault::KillRedis,
    Fault::FreezeRedis,
    Fault::KillRabbitMq,
    Fault::FreezeRabbitMq,
    Fault::KillSubscriptions,
];

/// Until the time is over; answers how often each was made.
pub(super) async fn run(
    server: &mut Server,
    engines: &PrivateEngines,
    shared: &Shared,
    plan: Plan,
    memory: &mut Memory,
) -> BTreeMap<String, usize> {
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut made = BTreeMap::new();
    let begun = Instant::now();
    loop {
        let pause = plan.between_faults.mul_f64(0.5 + random.f64());
        if begun.elapsed() + pause >= plan.time {
            sleep(plan.time.saturating_sub(begun.elapsed())).await;
            memory.look(server, true);
            return made;
        }
        sleep(pause).await;
        memory.look(server, begun.elapsed() > plan.time / 2);
        let fault = ALL[random.usize(..ALL.len())];
        eprintln!("soak: {:5.1} s: {fault:?}", begun.elapsed().as_secs_f64());
        *made.entry(format!("{fault:?}")).or_default() += 1;
        let length = Duration::from_millis(random.u64(500..6000));
        make(fault, length, server, engines, &mut random).await;
        shared.set_replicas(&server.clients);
    }
}

async fn make(
    fault: Fault,
    length: Duration,
    server: &mut Server,
    engines: &PrivateEngines,
    random: &mut fastrand::Rng,
) {
    match fault {
        Fault::KillWorker => {
            let mut killed = server
                .workers
                .swap_remove(random.usize(..server.workers.len()));
            killed.signal(Signal::SIGKILL);
            killed.exit().await;
            server.start_worker().await;
        }
        Fault::SleepWorker => {
            let worker = &server.workers[random.usize(..server.workers.len())];
            worker.signal(Signal::SIGSTOP);
            sleep(length * 3).await;
            worker.signal(Signal::SIGCONT);
        }
        Fault::ReplaceWorker => {
            server.start_worker().await;
            let replaced = random.usize(..server.workers.len() - 1);
            server.workers.swap_remove(replaced).stop().await;
        }
        Fault::KillApi | Fault::ReplaceApi => {
            let replaced = random.usize(..server.apis.len());
            server.clients.swap_remove(replaced);
            let mut api = server.apis.swap_remove(replaced);
            if matches!(fault, Fault::KillApi) {
                api.signal(Signal::SIGKILL);
                api.exit().await;
            } else {
                api.stop().await;
            }
            server.start_api().await;
        }
        Fault::KillRedis => restart(engines, Engine::Redis, length).await,
        Fault::KillRabbitMq => restart(engines, Engine::RabbitMq, length).await,
        Fault::FreezeRedis => freeze(engines, Engine::Redis, length).await,
        Fault::FreezeRabbitMq => freeze(engines, Engine::RabbitMq, length).await,
        Fault::KillSubscriptions => {
            let redis = &engines.addresses.redis_url;
            let _: i64 = ask_redis(redis, &["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        }
    }
}

async fn restart(engines: &PrivateEngines, engine: Engine, away: Duration) {
    engines.kill(engine).await;
    sleep(away).await;
    engines.start_again(engine).await;
}

async fn freeze(engines: &PrivateEngines, engine: Engine, length: Duration) {
    engines.freeze(engine, true);
    sleep(length).await;
    engines.freeze(engine, false);
}
