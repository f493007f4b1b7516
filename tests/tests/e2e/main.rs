//! The whole service from outside: on memory in one process, and on RabbitMQ and Redis with every program on its own.
#![expect(
    clippy::unwrap_used,
    reason = "in a test it is the assertion; clippy sees only functions marked #[test]"
)]

/// Makes a test of every named function for every kind of server. A function is given a server and gives it back. Behind
/// its name may stand the rules of `docs/api/rules.txt` that it proves: those whose breach it would find.
macro_rules! over_every_server {
    ($setup:expr => $($test:ident $(: [$($rule:literal),+ $(,)?])?),+ $(,)?) => {
        mod embedded {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                tests::server::Server::embedded($setup, super::$test).await;
                $(let rules = [$($rule),+];
                tests::conformance::record(tests::conformance::On::Memory, module_path!(), stringify!($test), &rules);)?
            })+
        }
        mod cluster {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                tests::server::Server::cluster($setup, super::$test).await;
                $(let rules = [$($rule),+];
                if tests::services::engines().is_some() {
                    tests::conformance::record(tests::conformance::On::Cluster, module_path!(), stringify!($test), &rules);
                })?
            })+
        }
    };
}

mod bad_input;
mod cancelling;
mod command;
mod console;
mod credentials;
mod documents;
mod endings;
mod errors;
mod event_stream;
mod fleet;
mod idempotency;
mod identity;
mod limits;
mod listing;
mod loss;
mod main_job;
mod real_cli;
mod sandbox;
mod sessions;
mod settings;
mod telemetry;
mod tools;
mod websocket;
mod workers;
