//! The whole service from outside: on memory in one process, and on RabbitMQ and Redis with every program on its own.
#![expect(
    clippy::unwrap_used,
    reason = "in a test it is the assertion; clippy sees only functions marked #[test]"
)]

/// Makes a test of every named function for every kind of server. A function is given a server and gives it back.
macro_rules! over_every_server {
    ($setup:expr => $($test:ident),+ $(,)?) => {
        mod embedded {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                tests::server::Server::embedded($setup, super::$test).await;
            })+
        }
        mod cluster {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                tests::server::Server::cluster($setup, super::$test).await;
            })+
        }
    };
}

mod bad_input;
mod cancelling;
mod command;
mod endings;
mod errors;
mod event_stream;
mod main_job;
mod real_cli;
mod sessions;
mod settings;
mod websocket;
mod workers;
