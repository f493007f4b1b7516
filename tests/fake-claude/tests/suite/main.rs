//! The imitation as a process: what it reads, prints, leaves behind, and how it ends.
#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a test's driver fails the test"
)]

mod driver;
mod faults;
mod interrupts;
mod sessions;
mod turns;
mod witnesses;
