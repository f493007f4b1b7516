//! What happens when something breaks: engines that are killed or cut off, programs that die, clients that vanish.
//!
//! Each test breaks one thing on real engines, of its own where it kills them, and then holds everything to the same
//! promises: all that was accepted has ended once, no stream lost or repeated anything, nothing is left behind.

mod api_crash;
mod broker;
mod cancelling;
mod clients;
mod full_disk;
mod redis_crash;
mod redis_faults;
mod sessions;
mod soak;
mod stopping;
mod unreliable;
mod worker_gone;
