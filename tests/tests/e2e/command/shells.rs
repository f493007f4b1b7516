//! What shells and manuals are told.

use std::path::Path;

use tests::process::run_to_end;
use tests::services::program;

use super::{sh, text};

#[tokio::test]
async fn shells_and_manuals_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let longshore = program("longshore").display().to_string();
    for shell in ["bash", "zsh", "fish"] {
        let output = sh(&format!("{longshore} completions {shell}"), folder.path()).await;
        let script = text(&output.stdout);
        assert!(
            script.contains("executions") && script.contains("--detach")
                || script.contains("detach"),
            "{shell}"
        );
    }
    let parses = sh(
        &format!("{longshore} completions bash | bash -n"),
        folder.path(),
    )
    .await;
    assert!(
        parses.status.success() && parses.stderr.is_empty(),
        "{parses:?}"
    );
    let page = sh(&format!("{longshore} man"), folder.path()).await;
    assert!(text(&page.stdout).contains(".TH longshore 1"), "{page:?}");
    let pages = folder.path().join("man1");
    let args = ["man", "--folder", pages.to_str().unwrap()];
    let written = run_to_end(Path::new(&longshore), &args, &[], folder.path()).await;
    assert!(written.status.success(), "{written:?}");
    let run = std::fs::read_to_string(pages.join("longshore-run.1")).unwrap();
    assert!(run.contains("detach"), "{run}");
    tests::proved!(Programs, shells_and_manuals_are_told: "command.shells");
}
