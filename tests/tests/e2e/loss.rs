//! What becomes of an execution whose worker is lost.

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tests::client::{Socket, next_frame};
use tests::server::{Server, Setup};
use tests::services::engines;

/// One worker, whose loss is noticed soon.
async fn with_one_worker<F: Future<Output = Server>>(test: impl FnOnce(Server) -> F) {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        workers: 1,
        ..Setup::default()
    };
    let setup = setup
        .with("LONGSHORE_LEASE", "3s")
        .with("LONGSHORE_DRAIN", "1s");
    Server::cluster(setup, test).await;
}

/// Submits a prompt, and reads its stream up to the frame that is asked for.
async fn started(
    server: &Server,
    prompt: &str,
    on_worker_loss: &str,
    until: fn(&Value) -> bool,
) -> (String, Socket) {
    let body =
        json!({ "workspace_id": "demo", "prompt": prompt, "on_worker_loss": on_worker_loss });
    let (execution, _) = server.client().execute(&body).await;
    let mut socket = server.client().socket(&execution, None).await;
    read_until(&mut socket, until).await;
    (execution, socket)
}

async fn read_until(socket: &mut Socket, until: impl Fn(&Value) -> bool) {
    while !until(&next_frame(socket).await.expect("it runs")) {}
}

fn says_something(frame: &Value) -> bool {
    frame["type"] == "claude_message"
}

fn uses_a_tool(frame: &Value) -> bool {
    frame["data"]["message"]["content"][0]["type"] == "tool_use"
}

/// Kills the worker and starts another.
async fn replace_worker(server: &mut Server) {
    let mut killed = server.workers.remove(0);
    killed.signal(Signal::SIGKILL);
    killed.exit().await;
    server.start_worker().await;
}

#[tokio::test]
async fn fail_fails_at_once() {
    with_one_worker(|mut server| async move {
        let (execution, _socket) =
            started(&server, "[[text started]][[hang]]", "fail", says_something).await;
        replace_worker(&mut server).await;
        let watched = server.other().watch(&execution).await;
        assert_eq!(
            (watched.status(), watched.code()),
            ("failed", "WORKER_LOST")
        );
        assert_eq!(server.client().execution(&execution).await["attempt"], 1);
        tests::proved!(Cluster, fail_fails_at_once: "loss.fail", "run.error.worker-lost");
        server
    })
    .await;
}

#[tokio::test]
async fn auto_does_not_repeat_a_tool() {
    with_one_worker(|mut server| async move {
        let prompt = r#"[[tool Bash {"command":"sleep 300"}]]"#;
        let (execution, _socket) = started(&server, prompt, "auto", uses_a_tool).await;
        replace_worker(&mut server).await;
        let watched = server.other().watch(&execution).await;
        assert_eq!((watched.status(), watched.code()), ("failed", "OUTCOME_UNKNOWN"));
        assert_eq!(server.client().execution(&execution).await["attempt"], 1);
        tests::proved!(Cluster, auto_does_not_repeat_a_tool: "loss.auto.tool_use", "run.error.outcome-unknown");
        server
    })
    .await;
}

#[tokio::test]
async fn retry_repeats_a_tool() {
    with_one_worker(|mut server| async move {
        let prompt = r#"[[tool Bash {"command":"true"}]][[hang once]][[text made it]]"#;
        let (execution, _socket) = started(&server, prompt, "retry", uses_a_tool).await;
        replace_worker(&mut server).await;
        let watched = server.other().watch(&execution).await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        assert!(watched.text().ends_with("made it"), "{}", watched.text());
        tests::proved!(Cluster, retry_repeats_a_tool: "loss.retry", "execute.on_worker_loss");
        server
    })
    .await;
}

/// What its tools have done before is not done again, whether its worker died or was stopped.
#[tokio::test]
async fn a_retry_goes_on_from_its_last_tool() {
    with_one_worker(|mut server| async move {
        let prompt = r#"[[text before]][[tool Bash {"command":"echo once >> ran"}]][[text between]][[hang once]][[text after]]"#;
        for (n, signal) in [Signal::SIGKILL, Signal::SIGTERM].into_iter().enumerate() {
            let body = json!({ "workspace_id": "demo", "prompt": prompt, "on_worker_loss": "retry" });
            let (execution, session) = server.client().execute(&body).await;
            let mut socket = server.client().socket(&execution, None).await;
            read_until(&mut socket, |frame| frame["data"]["message"]["content"][0]["text"] == "between").await;
            server.keeps_a_checkpoint(&session).await;
            let mut lost = server.workers.remove(0);
            lost.signal(signal);
            lost.exit().await;
            server.start_worker().await;
            let watched = server.other().watch(&execution).await;
            assert_eq!(watched.status(), "completed", "{:#}", watched.end());
            assert_eq!(watched.text(), "beforebetweenbetweenafter");
            let ran = std::fs::read_to_string(server.workspace("demo").join("ran")).unwrap();
            assert_eq!(ran.lines().count(), n + 1);
            // The session's next execution knows the whole turn.
            let body = json!({ "workspace_id": "demo", "prompt": "[[recall]]", "session_id": session });
            let (next, _) = server.client().execute(&body).await;
            let recalled = server.client().watch(&next).await.text();
            assert_eq!(recalled, format!("Earlier prompts: 1\n1. {prompt}"));
        }
        tests::proved!(Cluster, a_retry_goes_on_from_its_last_tool: "loss.retry.continues");
        server
    })
    .await;
}

/// Three attempts, and three workers that are killed.
#[tokio::test]
async fn what_kills_every_worker_is_given_up() {
    with_one_worker(|mut server| async move {
        let (execution, mut socket) = started(&server, "[[text started]][[hang]]", "retry", says_something).await;
        for attempt in 2..=3 {
            replace_worker(&mut server).await;
            let first = json!({ "status": "running", "attempt": attempt });
            read_until(&mut socket, |frame| {
                frame["data"] == first && frame["id"] == format!("{attempt}-1")
            })
            .await;
            read_until(&mut socket, says_something).await;
        }
        replace_worker(&mut server).await;
        let watched = server.other().watch(&execution).await;
        assert_eq!((watched.status(), watched.code()), ("failed", "POISONED"));
        tests::proved!(
            Cluster, what_kills_every_worker_is_given_up: "run.error.poisoned", "loss.retry", "loss.first-event"
        );
        server
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_hands_back() {
    with_one_worker(|mut server| async move {
        let prompt = "[[text started]][[hang once]][[text made it]]";
        let (execution, _socket) = started(&server, prompt, "auto", says_something).await;
        let mut stopped = server.workers.remove(0);
        stopped.signal(Signal::SIGTERM);
        assert_eq!(stopped.exit().await.code(), Some(0));
        server.start_worker().await;
        let watched = server.other().watch(&execution).await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        assert!(watched.text().ends_with("made it"), "{}", watched.text());
        tests::proved!(Cluster, a_worker_that_is_stopped_hands_back: "loss.drain", "settings.exit-0");
        server
    })
    .await;
}
