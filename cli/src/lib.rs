//! The `longshore` command: a whole Longshore in one process, and a client for any.

pub mod args;
mod cancelling;
mod client;
pub mod dev;
pub mod load;
mod render;
pub mod run;
mod socket;
pub mod token;
mod watch;
