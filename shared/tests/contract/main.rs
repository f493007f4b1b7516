//! The promises of the seams, checked over every backend.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod backends;
mod catalogue;
mod engines;
mod fleet;
mod follow;
mod idempotency;
mod log;
mod queue;
mod rate_limit;
mod schedules;
mod store;
mod store_recovery;
