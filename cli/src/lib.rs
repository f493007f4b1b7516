//! The `longshore` command: a whole Longshore in one process, and a client for any.

pub mod args;
mod cancelling;
mod client;
pub mod dev;
pub mod executions;
pub mod exit;
mod facts;
mod follow;
mod interrupts;
mod listing;
pub mod load;
mod prompt;
mod render;
pub mod run;
mod screen;
pub mod sessions;
pub mod shell;
mod socket;
mod table;
pub mod token;
mod watch;
mod words;
pub mod workers;
