//! Runs in a sandbox: the real CLI, told to look at what is not its own.

use serde_json::{Value, json};
use tests::anthropic_double::AnthropicDouble;
use tests::server::{Server, Setup};
use tests::services::{has_bubblewrap, real_claude};

/// A worker that runs the real CLI so, with some limits.
async fn on_sandboxed_cli<F: Future<Output = Server>>(test: impl FnOnce(Server) -> F) {
    let Some(claude) = real_claude() else { return };
    if !has_bubblewrap() {
        return;
    }
    let double = AnthropicDouble::start().await;
    let setup = Setup {
        claude,
        workers: 1,
        ..Setup::default()
    }
    .with("ANTHROPIC_BASE_URL", double.url())
    .with("ANTHROPIC_API_KEY", "test-key")
    .with("IS_SANDBOX", "1")
    .with("LONGSHORE_PERMISSION_MODE", "bypassPermissions")
    .with("LONGSHORE_SANDBOX", "bubblewrap")
    .with("LONGSHORE_RUN_MEMORY", "2GiB")
    .with("LONGSHORE_RUN_PROCESSES", "4000");
    Server::cluster(setup, test).await;
}

/// What a shell command, which the model asks for, prints; both of its outputs.
async fn printed(server: &Server, command: &str) -> String {
    let tool = json!({ "command": command, "description": "Look around" });
    let watched = server.client().run(&format!("[[tool Bash {tool}]]")).await;
    assert_eq!(watched.status(), "completed", "{:#}", watched.end());
    let results = watched
        .of("claude_message")
        .map(|line| &line["tool_use_result"]);
    let result: Vec<&Value> = results.filter(|result| !result.is_null()).collect();
    assert!(!result.is_empty(), "the tool was used: {watched:#?}");
    format!("{result:?}")
}

#[tokio::test]
async fn a_hostile_tool_sees_nothing_of_its_neighbours() {
    on_sandboxed_cli(|server| async move {
        let neighbour = server.workspace("neighbour");
        std::fs::create_dir_all(&neighbour).expect("it is made");
        std::fs::write(neighbour.join("key"), "neighbours-secret").expect("it is written");
        // A conversation of somebody else's is kept.
        server.client().run("[[text keep this conversation]]").await;
        assert!(server.state().join("sessions").is_dir());

        let own = printed(&server, "echo mine > own; cat own; pwd").await;
        assert!(
            own.contains("mine") && own.contains("workspaces/demo"),
            "{own}"
        );
        for (what, command, leaked) in [
            (
                "a workspace",
                format!("cat {}/key; echo looked", neighbour.display()),
                "neighbours-secret",
            ),
            (
                "all workspaces",
                format!("ls {}/..; echo looked", server.workspace("demo").display()),
                "neighbour\\n",
            ),
            (
                "the transcripts",
                format!(
                    "cat -r {0} {0}/*/*/*; echo looked",
                    server.state().display()
                ),
                "keep this conversation",
            ),
            (
                "the worker",
                "cat /proc/*/environ | tr '\\0' '\\n'; echo looked".to_owned(),
                "LONGSHORE_AMQP_URL",
            ),
            (
                "other processes",
                "ps -e -o args; ls -d /proc/[0-9]*; echo looked".to_owned(),
                "longshore-worker",
            ),
            (
                "accounts of the machine",
                "cat /etc/shadow; echo looked".to_owned(),
                "root:",
            ),
            (
                "what others keep",
                "ls -A /tmp /root /home /var; echo looked".to_owned(),
                ".cargo",
            ),
        ] {
            let told = printed(&server, &command).await;
            assert!(told.contains("looked"), "{what}: {told}");
            assert!(!told.contains(leaked), "{what} can be seen: {told}");
        }
        // Nothing of the system can be changed.
        let told = printed(
            &server,
            "touch /usr/mark /etc/mark 2>&1; rm -f /usr/bin/env; ls /usr/bin/env; echo looked",
        )
        .await;
        assert!(
            told.contains("/usr/bin/env") && !std::path::Path::new("/usr/mark").exists(),
            "{told}"
        );
        server
    })
    .await;
}

/// And it continues its own conversation, whose transcript is brought and kept from outside.
#[tokio::test]
async fn a_sandboxed_session_goes_on() {
    on_sandboxed_cli(|server| async move {
        let (first, session) = server
            .client()
            .submit("Remember the word sextant. [[text noted]]")
            .await;
        assert_eq!(server.ended(&first).await["status"], "completed");
        let body = json!({ "workspace_id": "demo", "session_id": session, "prompt": "[[echo]]" });
        let (second, _) = server.client().execute(&body).await;
        assert_eq!(server.ended(&second).await["status"], "completed");
        server
    })
    .await;
}

#[tokio::test]
async fn a_greedy_tool_is_refused_more_memory() {
    on_sandboxed_cli(|server| async move {
        let told = printed(
            &server,
            "perl -e 'my $x = \"x\" x (3 << 30); print length $x' 2>&1; echo survived",
        )
        .await;
        assert!(
            told.contains("Out of memory") && told.contains("survived"),
            "{told}"
        );
        server
    })
    .await;
}

/// What a tool leaves in the background ends with the run, and a run that is cancelled ends with all its tools.
#[tokio::test]
async fn nothing_is_left_of_a_sandbox() {
    on_sandboxed_cli(|server| async move {
        printed(
            &server,
            "env -i setsid sleep 1111 >/dev/null 2>&1 & echo started",
        )
        .await;
        let tool = json!({ "command": "sleep 1112", "description": "Wait" });
        let execution = server.running(&format!("[[tool Bash {tool}]]")).await;
        let asleep = || {
            let all = std::process::Command::new("pgrep")
                .args(["-f", "^sleep 111[12]"])
                .output();
            !all.expect("pgrep is there").stdout.is_empty()
        };
        tests::process::until(asleep).await;
        assert_eq!(server.client().cancel(&execution).await.status, 202);
        assert_eq!(server.ended(&execution).await["status"], "cancelled");
        tests::process::until(|| !asleep()).await;
        server
    })
    .await;
}
