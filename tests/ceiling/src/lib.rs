//! The ceiling: what RabbitMQ, Redis and a child process allow on a machine, with nothing around them.
//!
//! It speaks as much of the contract as `longshore load` needs: a job is published and confirmed, a worker runs the CLI and
//! writes each read of its output to Redis in one pipeline, and one subscriber per API feeds the sockets. There is no
//! record, no lease, no check of anything, no retry and no bound: whatever Longshore costs more is the price of those.

pub mod api;
pub mod engines;
mod feed;
mod socket;
mod stream;
pub mod worker;
