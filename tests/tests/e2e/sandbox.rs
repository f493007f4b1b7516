//! Runs in a sandbox: the real CLI, told to look at what is not its own.

use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tests::anthropic_double::AnthropicDouble;
use tests::process::until;
use tests::server::{Server, Setup};
use tests::services::{has_bubblewrap, real_claude};
use uuid::Uuid;

/// A worker that runs the real CLI so, with some limits.
async fn on_sandboxed_cli<F: Future<Output = Server>>(
    test: impl FnOnce(Server, Arc<AnthropicDouble>) -> F,
) {
    let Some(claude) = real_claude() else { return };
    if !has_bubblewrap() {
        return;
    }
    let double = Arc::new(AnthropicDouble::start().await);
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
    Server::cluster(setup, |server| test(server, double.clone())).await;
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

/// What the same command prints to who is not in a sandbox.
fn printed_outside(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output();
    String::from_utf8_lossy(&output.expect("there is a shell").stdout).into_owned()
}

#[tokio::test]
async fn a_hostile_tool_sees_nothing_of_its_neighbours() {
    on_sandboxed_cli(|server, _double| async move {
        let neighbour = server.workspace("neighbour");
        std::fs::create_dir_all(&neighbour).expect("it is made");
        std::fs::write(neighbour.join("key"), "neighbours-secret").expect("it is written");
        let kept = tempfile::Builder::new()
            .prefix("kept-by-others-")
            .tempfile();
        let kept = kept.expect("it is made");
        let kept_in = kept.path().parent().expect("a folder").display();
        // A conversation of somebody else's is kept.
        server.client().run("[[text keep this conversation]]").await;
        let (workspaces, state) = (neighbour.join(".."), server.state());

        let own = printed(&server, "echo mine > own; cat own; pwd").await;
        assert!(
            own.contains("mine") && own.contains("workspaces/demo"),
            "{own}"
        );
        for (command, leaked) in [
            (
                format!("cat {}/key", neighbour.display()),
                "neighbours-secret",
            ),
            (format!("ls {}", workspaces.display()), "neighbour"),
            (
                format!("cat {}/*/*/*", state.display()),
                "keep this conversation",
            ),
            (
                "cat /proc/*/environ | tr '\\0' '\\n'".to_owned(),
                "LONGSHORE_AMQP_URL",
            ),
            (
                "cat /proc/*/cmdline | tr '\\0' '\\n'".to_owned(),
                "longshore-worker",
            ),
            ("ls -A /etc".to_owned(), "shadow"),
            (format!("ls -A {kept_in}"), "kept-by-others-"),
        ] {
            // Else it would be no wonder that the sandbox does not show it.
            let command = format!("{command} 2>/dev/null; echo looked");
            let outside = printed_outside(&command);
            assert!(outside.contains(leaked), "{command} outside: {outside}");
            let told = printed(&server, &command).await;
            assert!(told.contains("looked"), "{command}: {told}");
            assert!(!told.contains(leaked), "{command} shows it: {told}");
        }
        let mark = format!("/usr/mark-{}", Uuid::new_v4());
        let told = printed(&server, &format!("touch {mark} 2>&1; echo tried")).await;
        let made = std::fs::remove_file(&mark).is_ok();
        assert!(told.contains("Read-only") && !made, "{told}");
        server
    })
    .await;
}

/// And it continues its own conversation, whose transcript is brought and kept from outside.
#[tokio::test]
async fn a_sandboxed_session_goes_on() {
    on_sandboxed_cli(|server, double| async move {
        let first = "Remember sextant. [[text noted]]";
        let (execution, session) = server.client().submit(first).await;
        assert_eq!(server.ended(&execution).await["status"], "completed");
        let body =
            json!({ "workspace_id": "demo", "session_id": session, "prompt": "[[text again]]" });
        let (execution, _) = server.client().execute(&body).await;
        assert_eq!(server.ended(&execution).await["status"], "completed");
        let last = double.requests().pop().expect("it was asked");
        assert!(
            last.texts.iter().any(|text| text == first),
            "{:?}",
            last.texts
        );
        server
    })
    .await;
}

#[tokio::test]
async fn a_greedy_tool_is_refused_more_memory() {
    on_sandboxed_cli(|server, _double| async move {
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
    on_sandboxed_cli(|server, _double| async move {
        // Of a length that nobody else sleeps.
        let sleep = format!("sleep {}", fastrand::u32(1_000_000..));
        let asleep = || !printed_outside(&format!("pgrep -f '^{sleep}'")).is_empty();

        let hidden = format!("env -i setsid {sleep} >/dev/null 2>&1 &");
        let command =
            format!("{hidden} until pgrep -f '^{sleep}' >/dev/null; do :; done; echo asleep");
        assert!(printed(&server, &command).await.contains("asleep"));
        until(|| !asleep()).await;

        let tool = json!({ "command": sleep, "description": "Wait" });
        let execution = server.running(&format!("[[tool Bash {tool}]]")).await;
        until(asleep).await;
        assert_eq!(server.client().cancel(&execution).await.status, 202);
        assert_eq!(server.ended(&execution).await["status"], "cancelled");
        until(|| !asleep()).await;
        server
    })
    .await;
}
