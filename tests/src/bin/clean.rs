//! `clean NAMESPACE`: removes what programs have left in a namespace of the tests' engines.

use std::process::ExitCode;

use tests::services::{clean, engines};

#[tokio::main]
async fn main() -> ExitCode {
    let (Some(namespace), Some(engines)) = (std::env::args().nth(1), engines()) else {
        eprintln!(
            "clean: say which namespace, with the engines in LONGSHORE_TEST_AMQP_URL and LONGSHORE_TEST_REDIS_URL"
        );
        return ExitCode::FAILURE;
    };
    clean(&engines, &namespace).await;
    ExitCode::SUCCESS
}
