//! The phases of a run, as far as its supervisor is concerned; `supervisor.rs` draws how they follow.

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Asked to end the turn; `results` had been seen before.
    Interrupted {
        results: u32,
    },
    /// Its stdin is closed.
    Closing,
    /// Sent SIGTERM.
    Terminated,
    /// Sent SIGKILL, with all that carries the mark.
    Killed,
}
