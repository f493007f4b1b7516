//! The harness of the end-to-end suites: servers as users run them, and clients that check what they see.

pub mod anthropic_double;
pub mod bench;
pub mod browser;
pub mod client;
pub mod conformance;
pub mod document;
pub mod event_stream;
pub mod milestones;
pub mod mutants;
pub mod ports;
pub mod private_engines;
pub mod process;
pub mod proxy;
pub mod rabbitmq_servers;
pub mod reconnecting;
pub mod redis_servers;
pub mod server;
pub mod services;
pub mod settled;
pub mod small_disk;
pub mod soak;
pub mod terminal;
pub mod tls;
pub mod tokens;
pub mod watcher;
