//! Longshore's worker as a library: `longshore-worker` runs it, and so do `longshore dev` and the tests.

#[doc(hidden)]
pub mod benching;
mod broken_off;
mod checkpoint;
mod claude;
pub mod config;
mod consumer;
mod context;
mod conversation;
mod delivery;
mod execution;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod guard;
mod health;
mod heartbeat;
mod janitor;
mod lease;
mod outcome;
mod publisher;
mod reaper;
mod reconciler;
mod result;
mod running;
mod runs;
mod stream;
mod stream_json;
mod transcript;
mod turns;
mod worker;
mod workspace;

pub use claude::find_claude;
pub use context::StartError;
pub use health::serve as serve_health;
pub use worker::Worker;
