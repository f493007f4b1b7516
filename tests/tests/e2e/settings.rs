//! Settings: what is wrong stops the start with one line, what is right is shown by `--help`.

use std::process::Output;

use tests::process::run_to_end;
use tests::services::program;

mod arguments;
mod engines;
mod files;
mod healthcheck;
mod help;
mod values;

/// Runs a program that has to end by itself.
async fn run(name: &str, args: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    run_to_end(&program(name), args, environment, folder.path()).await
}

/// Checks that a program said one line, which names the setting and says why, and nothing else.
fn refused(output: &Output, flag: &str, why: &str, of: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{of}: {said}");
    assert_eq!(said.lines().count(), 1, "{of}: {said}");
    assert!(
        said.starts_with("error: ") && said.ends_with('\n'),
        "{of}: {said}"
    );
    assert!(said.contains(flag) && said.contains(why), "{of}: {said}");
    assert!(!said.contains("hunter2"), "{of} shows a password: {said}");
    assert!(
        output.stdout.is_empty(),
        "{of} prints: {}",
        String::from_utf8_lossy(&output.stdout)
    );
}
