//! What the suites run against, as `deploy/test` names it. What is required and missing fails, and is never skipped.
#![expect(
    clippy::disallowed_methods,
    reason = "these variables are the suites' own settings"
)]

use std::path::PathBuf;

use crate::process::PATIENCE;

/// Addresses of the engines.
#[derive(Debug, Clone)]
pub struct Engines {
    pub amqp_url: String,
    pub redis_url: String,
}

/// RabbitMQ and Redis; `None` where the test cannot run and need not.
#[must_use]
pub fn engines() -> Option<Engines> {
    let required = "LONGSHORE_TEST_REQUIRE_SERVICES";
    Some(Engines {
        amqp_url: setting("LONGSHORE_TEST_AMQP_URL", required)?,
        redis_url: setting("LONGSHORE_TEST_REDIS_URL", required)?,
    })
}

/// The real Claude CLI; `None` where the test cannot run and need not.
#[must_use]
pub fn real_claude() -> Option<PathBuf> {
    setting("LONGSHORE_TEST_CLAUDE_BIN", "LONGSHORE_TEST_REQUIRE_CLAUDE").map(PathBuf::from)
}

/// Chromium; `None` where the test cannot run and need not.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    setting("LONGSHORE_TEST_CHROMIUM", "LONGSHORE_TEST_REQUIRE_BROWSER").map(PathBuf::from)
}

/// Whether runs can be put into a sandbox; `false` where the test cannot run and need not.
///
/// # Panics
/// When it is missing and required.
#[must_use]
pub fn has_bubblewrap() -> bool {
    let path = path();
    let found = path
        .split(':')
        .any(|folder| std::path::Path::new(folder).join("bwrap").exists());
    let required = std::env::var("LONGSHORE_TEST_REQUIRE_SERVICES").as_deref() == Ok("1");
    assert!(
        found || !required,
        "bwrap is not installed: see deploy/test"
    );
    if !found {
        println!("not run: bwrap is not installed");
    }
    found
}

fn setting(name: &str, required: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        assert!(
            std::env::var(required).as_deref() != Ok("1"),
            "{name} is not set, and {required}=1: see deploy/test"
        );
        println!("not run: {name} is not set");
    }
    value
}

/// A program of this workspace, as `cargo build --workspace --bins` left it beside the tests.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let ourselves = std::env::current_exe().expect("a program knows its own path");
    let folder = ourselves.parent().expect("it is in a folder");
    // Tests are in target/*/deps.
    let folder = match folder.parent() {
        Some(parent) if folder.ends_with("deps") => parent,
        _ => folder,
    };
    let program = folder.join(name);
    assert!(
        program.exists(),
        "{} is missing: cargo build --workspace --bins makes it",
        program.display()
    );
    program
}

/// The search path that programs are given.
#[must_use]
pub fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// Removes what a test left in its namespace.
pub async fn clean(engines: &Engines, namespace: &str) {
    empty_redis(engines, namespace).await;
    let connection =
        lapin::Connection::connect(&engines.amqp_url, lapin::ConnectionProperties::default())
            .await
            .expect("rabbitmq answers");
    let channel = connection.create_channel().await.expect("rabbitmq answers");
    for queue in ["executions", "parked", "dead"] {
        let queue = format!("{namespace}.{queue}");
        let _ = channel
            .queue_delete(queue.into(), lapin::options::QueueDeleteOptions::default())
            .await;
    }
    let exchange = format!("{namespace}.dead");
    let _ = channel
        .exchange_delete(
            exchange.into(),
            lapin::options::ExchangeDeleteOptions::default(),
        )
        .await;
}

async fn redis(engines: &Engines) -> redis::aio::MultiplexedConnection {
    redis::Client::open(engines.redis_url.as_str())
        .expect("the address is one")
        .get_multiplexed_async_connection_with_config(&patient())
        .await
        .expect("redis answers")
}

/// Runs a command on the Redis at an address.
///
/// # Panics
/// When it does not succeed.
pub async fn ask_redis<T: redis::FromRedisValue>(redis_url: &str, command: &[&str]) -> T {
    let (name, arguments) = command.split_first().expect("a command");
    let client = redis::Client::open(redis_url).expect("the address is one");
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&patient())
        .await
        .expect("redis answers");
    redis::cmd(name)
        .arg(arguments)
        .query_async(&mut connection)
        .await
        .expect("redis answers")
}

/// Marks a session as closed and does nothing else, as a server that dies right after it.
pub async fn mark_closed(engines: &Engines, namespace: &str, session: &str) {
    let () = redis::cmd("HSET")
        .arg(format!("{namespace}:{{{session}}}:session"))
        .arg(&["closed", "1"])
        .query_async(&mut redis(engines).await)
        .await
        .expect("redis answers");
}

/// Looking through all keys takes longer than the library waits where many tests run at once.
fn patient() -> redis::AsyncConnectionConfig {
    redis::AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE))
}

/// Removes a namespace's keys.
pub async fn empty_redis(engines: &Engines, namespace: &str) {
    let mut redis = redis(engines).await;
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{namespace}:*"))
        .query_async(&mut redis)
        .await
        .expect("redis answers");
    for keys in keys.chunks(10_000) {
        let () = redis::cmd("UNLINK")
            .arg(keys)
            .query_async(&mut redis)
            .await
            .expect("redis answers");
    }
}
