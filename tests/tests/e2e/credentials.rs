//! What the CLI identifies itself with, by file.

use tests::server::{Server, Setup};

/// A folder of secrets is read for each run, and what is in it is handed over by its file's name.
#[tokio::test]
async fn a_key_may_change_while_everything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("ANTHROPIC_API_KEY");
    std::fs::write(&key, "first\n").expect("it is written");
    // What is no variable is no secret either, and harms nothing.
    std::fs::write(folder.path().join("read me"), "nothing").expect("it is written");
    std::fs::create_dir(folder.path().join("..data")).expect("it is made");
    let setup = Setup::default().with(
        "LONGSHORE_CLAUDE_SECRETS",
        folder.path().to_str().expect("a name"),
    );
    Server::embedded(setup, |server| async {
        let told = server.client().run("[[env ANTHROPIC_API_KEY]]").await;
        assert!(told.text().contains("first"), "{}", told.text());
        std::fs::write(&key, "second").expect("it is written");
        let told = server.client().run("[[env ANTHROPIC_API_KEY]]").await;
        assert!(told.text().contains("second"), "{}", told.text());
        server
    })
    .await;
}
