//! Where `longshore run` has its prompt from, and what it does where it does not follow.

use serde_json::Value;
use tests::server::{Server, Setup};
use tests::services::program;

use super::{longshore, sh, text};

over_every_server! { Setup::default() =>
    a_prompt_comes_from_anywhere: ["command.run.prompt"],
    a_run_is_left_to_itself: ["command.run.detach", "command.json"],
    a_run_is_printed_as_json: ["command.json"],
}

async fn a_prompt_comes_from_anywhere(server: Server) -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "[[text from a file]]").unwrap();
    std::fs::write(folder.path().join("b.bin"), b"\xff\xfe").unwrap();
    let run = format!(
        "{} run --url {}",
        program("longshore").display(),
        server.client().url()
    );
    for (line, says) in [
        ("echo '[[text from a pipe]]' | RUN", "from a pipe"),
        ("RUN '[[text asked]]' --file a.txt", "asked\nfrom a file"),
        (
            "echo '[[text piped]]' | RUN '[[text asked]]' -f a.txt -f -",
            "asked\nfrom a file\npiped",
        ),
    ] {
        let output = sh(&line.replace("RUN", &run), folder.path()).await;
        assert!(text(&output.stdout).starts_with(says), "{line}: {output:?}");
    }
    for (line, says) in [
        (
            "RUN --file none.txt",
            "error: --file none.txt: No such file",
        ),
        (
            "RUN --file b.bin",
            "error: --file b.bin: it is no UTF-8 text",
        ),
        ("RUN < /dev/null", "prompt: "),
    ] {
        let output = sh(&line.replace("RUN", &run), folder.path()).await;
        let said = text(&output.stderr);
        assert!(
            said.contains(says) && output.status.code() == Some(1),
            "{line}: {said}"
        );
    }
    server
}

async fn a_run_is_left_to_itself(server: Server) -> Server {
    let output = longshore(server.client(), &["run", "-d", "[[text alone]]"]).await;
    let id = text(&output.stdout).trim().to_owned();
    assert!(
        output.stderr.is_empty() && output.status.success(),
        "{output:?}"
    );
    assert_eq!(server.other().watch(&id).await.text().trim(), "alone");
    let output = longshore(server.client(), &["run", "-d", "--json", "[[text alone]]"]).await;
    let accepted: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(accepted["status"], "pending");
    server
        .other()
        .watch(accepted["execution_id"].as_str().unwrap())
        .await;
    server
}

async fn a_run_is_printed_as_json(server: Server) -> Server {
    let output = longshore(server.client(), &["run", "--json", "[[text as it is]]"]).await;
    let printed = text(&output.stdout);
    let frames: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(frames[0]["type"], "subscribed");
    assert_eq!(frames.last().unwrap()["data"]["status"], "completed");
    assert!(
        frames
            .iter()
            .any(|frame| frame["data"]["message"]["content"][0]["text"] == "as it is")
    );
    assert_eq!(output.status.code(), Some(0));
    server
}
