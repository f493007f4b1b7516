//! The environment the imitation looks at, the only file that reads it.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the config file of this crate"
)]

use std::path::PathBuf;

/// What the environment says once and for all.
pub(crate) struct Config {
    /// Where sessions are kept; without a home nothing is saved, silently, as by the real CLI.
    pub(crate) claude_dir: Option<PathBuf>,
    /// `CLAUDE_CODE_RESUME_INTERRUPTED_TURN`: a turn cut by a crash is played again.
    pub(crate) resume_interrupted: bool,
    /// `FAKE_CLAUDE_WITNESS`: where runs are witnessed, see [`crate::witness`].
    pub(crate) witness: Option<PathBuf>,
    /// `LONGSHORE_EXECUTION_ID`: under which name they are witnessed.
    pub(crate) execution: Option<String>,
}

pub(crate) fn read() -> Config {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".claude"));
    Config {
        claude_dir: std::env::var_os("CLAUDE_CONFIG_DIR").map_or_else(home, |dir| Some(dir.into())),
        resume_interrupted: variable("CLAUDE_CODE_RESUME_INTERRUPTED_TURN").as_deref() == Some("1"),
        witness: std::env::var_os("FAKE_CLAUDE_WITNESS").map(PathBuf::from),
        execution: variable("LONGSHORE_EXECUTION_ID"),
    }
}

/// Any variable by its name, for `[[env NAME]]`.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
