//! Longshore's vocabulary and its seams: what API and worker agree on, and the queue, store and log between them.
//!
//! This crate knows no HTTP and no Claude. `docs/architecture.md` is its map.
#![warn(missing_docs)]

pub mod admin;
pub mod backends;
pub mod catalogue;
pub mod config;
pub mod digest;
pub mod error;
pub mod event;
pub mod event_log;
pub mod execution;
mod expiring;
pub mod fleet;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod healthcheck;
pub mod id;
pub mod idempotency;
pub mod job;
pub mod lifecycle;
pub mod metrics;
pub mod queue;
pub mod rate_limit;
mod redis;
pub mod retry;
pub mod session;
pub mod shutdown;
pub mod store;
pub mod telemetry;
pub mod timestamp;
pub mod tls;
pub mod trace;
pub mod usage;
pub mod worker_loss;
