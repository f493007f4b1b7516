//! How this program ends; `longshore --help` says what each code means.

use std::process::ExitCode;

use crate::client::Refusal;

/// The server cannot be reached, or cannot do it now.
pub(crate) const TRY_AGAIN: u8 = 3;

/// As shells report a program that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Says what went wrong and what can be done about it, and tells the code for it.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    let refusal = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Refusal>());
    if let Some(advice) = refusal.and_then(Refusal::advice) {
        eprintln!("{advice}");
    }
    let is_away = error.chain().any(|cause| cause.is::<reqwest::Error>());
    if is_away || refusal.is_some_and(Refusal::is_temporary) {
        return TRY_AGAIN.into();
    }
    ExitCode::FAILURE
}
