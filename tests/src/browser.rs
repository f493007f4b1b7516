//! A real browser on the console: scenarios of `tests/browser`, each played by a process of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::services::{chromium, path};

/// How long a scenario may take: each of its steps has a bound of its own.
const SCENARIO: Duration = Duration::from_secs(300);

/// Plays a scenario on the server at an address, and does what it asks for on its way: `answer` is given the word, and
/// gives what the scenario is told.
///
/// # Panics
/// When the scenario fails, with what it printed.
pub async fn play(
    scenario: &str,
    url: &str,
    on: &str,
    mut answer: impl AsyncFnMut(&str) -> String,
) {
    let Some(chromium) = chromium() else { return };
    let mut child = start(&chromium, scenario, url, on);
    let mut printed = String::new();
    let playing = async {
        let stdout = child.stdout.take().expect("it is piped");
        let mut stdin = child.stdin.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await.expect("it is text") {
            if let Some(word) = line.strip_prefix('@') {
                let told = answer(word).await + "\n";
                stdin.write_all(told.as_bytes()).await.expect("it listens");
            } else {
                printed += &(line + "\n");
            }
        }
        child.wait().await.expect("it ends")
    };
    let status = timeout(SCENARIO, playing).await;
    let status = status.unwrap_or_else(|_| panic!("{scenario} on {on} does not end:\n{printed}"));
    assert!(status.success(), "{scenario} on {on} failed:\n{printed}");
    print!("{printed}");
}

fn start(chromium: &Path, scenario: &str, url: &str, on: &str) -> Child {
    Command::new("node")
        .arg(root().join("tests/browser/main.mjs"))
        .arg(scenario)
        .env_clear()
        .env("PATH", path())
        // A browser keeps much in its home; it goes with the test.
        .env("HOME", std::env::temp_dir())
        .env("LONGSHORE_URL", url)
        .env("LONGSHORE_TEST_CHROMIUM", chromium)
        .env("LONGSHORE_TEST_BROWSER", root().join("target/browser"))
        .env(
            "LONGSHORE_SCREENSHOTS",
            root().join("target/screenshots").join(on),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
