//! The flags of `longshore run` reach the CLI.

use tests::server::{Server, Setup};

use super::{run, text};

over_every_server! { Setup::default() =>
    a_session_is_continued: ["command.run.flags"],
}

async fn a_session_is_continued(server: Server) -> Server {
    let first = run(server.client(), &["The word is plover. [[text noted]]"]).await;
    let noted = text(&first.stderr);
    let session = noted.trim().split_once("session ").unwrap().1;
    let args = [
        "--session",
        session,
        "--model",
        "claude-haiku",
        "--max-turns",
        "3",
        "--tool",
        "Read",
        "--tool",
        "Bash(git log, git diff:*)",
        "--timeout",
        "60",
        "[[recall]][[args]]",
    ];
    let second = run(server.other(), &args).await;
    assert_eq!(second.status.code(), Some(0), "{second:?}");
    let printed = text(&second.stdout);
    for part in [
        "The word is plover.",
        "--model=claude-haiku",
        "--max-turns=3",
        "--allowedTools=Read,Bash(git log, git diff:*)",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    server
}
