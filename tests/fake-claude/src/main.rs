//! The `fake-claude` binary; all it does is in the library, so that `longshore` can play it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    fake_claude::run()
}
