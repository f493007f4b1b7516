//! `longshore dev`, from what it prints first to what it leaves behind.

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::Value;
use tests::client::Client;
use tests::process::Process;
use tests::services::{path, program};

use super::{sh, text};

/// `longshore dev` with a folder of its own, started as a copy of the program at `at` in that folder.
struct Dev {
    process: Process,
    folder: tempfile::TempDir,
}

impl Dev {
    async fn start(at: &str, args: &[&str], search: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join(at);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        // Not by this process: a child that another test starts meanwhile would hold the file open for writing.
        let copied = std::process::Command::new("cp")
            .args([&program("longshore"), &copy])
            .status();
        assert!(copied.unwrap().success());
        let folder_and_copy = [folder.path(), &copy].map(|path| path.display().to_string());
        let line = format!(
            r#"cd "$0" && exec "$1" dev --bind 127.0.0.1:0 {}"#,
            args.join(" ")
        );
        let process = Process::start(
            "longshore dev",
            Path::new("/bin/sh"),
            &[&["-c".to_owned(), line], &folder_and_copy[..]].concat(),
            &[("PATH".to_owned(), search.to_owned())],
        );
        process.word_after("Ctrl-C stops it").await;
        Self { process, folder }
    }

    /// The example that begins with these words, with the lines that continue it, as it was printed.
    fn example(&self, start: &str) -> String {
        let output = self.process.output();
        let from = output
            .find(start)
            .unwrap_or_else(|| panic!("{start} in {output}"));
        let mut example = String::new();
        for line in output[from..].lines() {
            example.push_str(line);
            example.push('\n');
            if !line.ends_with('\\') {
                break;
            }
        }
        example
    }

    /// Ctrl-C ends it in good order.
    async fn stop(mut self) {
        self.process.signal(Signal::SIGINT);
        assert_eq!(
            self.process.exit().await.code(),
            Some(0),
            "{}",
            self.process.output()
        );
    }
}

#[tokio::test]
async fn dev_says_first_who_answers() {
    let nowhere = tempfile::tempdir().unwrap();
    let empty = nowhere.path().display().to_string();
    let with_claude = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(program("fake-claude"), with_claude.path().join("claude")).unwrap();
    let found = with_claude.path().display().to_string();
    for (args, search, first) in [
        (
            &[][..],
            &empty,
            "There is no `claude` in PATH, so the built-in fake Claude CLI answers",
        ),
        (&["--fake"], &found, "The built-in fake Claude CLI answers"),
        (&[], &found, "The Claude CLI answers: "),
    ] {
        let dev = Dev::start("longshore", args, search).await;
        let output = dev.process.output();
        // The log comes by another way, and may overtake it.
        let said = output.lines().find(|line| !line.starts_with('{'));
        assert!(said.is_some_and(|said| said.starts_with(first)), "{output}");
        let client = Client::new(&dev.process.word_after("Longshore listens on ").await);
        assert_eq!(
            client.run("[[text fine]]").await.status(),
            "completed",
            "{args:?}"
        );
        assert_eq!(
            client.run("Say hello").await.status(),
            "completed",
            "{args:?}"
        );
        dev.stop().await;
    }
    tests::proved!(Programs, dev_says_first_who_answers: "command.dev", "settings.exit-0");
}

#[tokio::test]
async fn what_dev_prints_works_as_it_is_printed() {
    for at in [
        "longshore",
        "bin/longshore",
        "with space/it's (new) $HOME/longshore",
    ] {
        let dev = Dev::start(at, &["--fake"], &path()).await;
        let accepted = sh(&dev.example("curl "), Path::new("/")).await;
        assert_eq!(accepted.status.code(), Some(0), "{accepted:?}");
        let accepted: Value = serde_json::from_slice(&accepted.stdout).unwrap();
        assert_eq!(accepted["status"], "pending", "{accepted}");
        let client = Client::new(&dev.process.word_after("Longshore listens on ").await);
        let watched = client
            .watch(accepted["execution_id"].as_str().unwrap())
            .await;
        assert_eq!(watched.status(), "completed");

        // The last example: from its start, which is wherever the program is, to its prompt.
        let output = dev.process.output();
        let line = output
            .lines()
            .find(|line| line.contains(" run --url "))
            .unwrap();
        let ran = sh(line, dev.folder.path()).await;
        assert_eq!(ran.status.code(), Some(0), "{line}: {ran:?}");
        assert!(text(&ran.stdout).contains("completed · "), "{ran:?}");
        dev.stop().await;
    }
    tests::proved!(Programs, what_dev_prints_works_as_it_is_printed: "command.dev");
}

#[tokio::test]
async fn dev_keeps_nothing_but_its_folders() {
    let dev = Dev::start("longshore", &["--fake"], &path()).await;
    let client = Client::new(&dev.process.word_after("Longshore listens on ").await);
    client.run("[[text fine]]").await;
    let mut left: Vec<PathBuf> = std::fs::read_dir(dev.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    left.sort();
    let expected = ["longshore", "state", "workspaces"].map(|name| dev.folder.path().join(name));
    assert_eq!(left, expected);
    dev.stop().await;
    tests::proved!(Programs, dev_keeps_nothing_but_its_folders: "command.dev.folders");
}
