//! Logs: to stderr, as text for people or JSON for machines. Never a prompt, a token or a secret.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Starts logging for the process; a second call changes nothing.
pub fn init(settings: &LogSettings) {
    // The AMQP library logs messages that come back whole, with the prompt in them: never, whatever the filter says.
    let filter =
        EnvFilter::builder().parse_lossy(format!("{},lapin::returned_messages=off", settings.log));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let json = match settings.log_format {
        Some(format) => format == LogFormat::Json,
        None => !std::io::stderr().is_terminal(),
    };
    let started = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    drop(started); // Already started, by the program that has both API and worker in it.
}
