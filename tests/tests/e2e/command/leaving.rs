//! Leaving a run: whoever interrupts it cancels it, whoever stops reading does not.

use std::path::Path;

use nix::sys::signal::Signal;
use tests::client::Client;
use tests::process::Process;
use tests::server::{Server, Setup};
use tests::services::program;

use super::{sh, text};

over_every_server! { Setup::default() =>
    an_interrupted_run_is_cancelled: ["command.run.interrupt"],
    a_reader_that_leaves_does_not_end_the_run: ["command.run.pipe"],
}

/// `longshore run`, still running.
fn start_run(client: &Client, prompt: &str) -> Process {
    let args = ["run", "--url", client.url(), prompt].map(str::to_owned);
    Process::start("longshore run", &program("longshore"), &args, &[])
}

async fn an_interrupted_run_is_cancelled(server: Server) -> Server {
    let mut run = start_run(server.client(), "[[text at_work]][[hang]]");
    let execution = run.word_after("execution ").await;
    run.word_after("at_work").await;
    run.signal(Signal::SIGINT);
    run.word_after("cancelling").await;
    run.word_after("CANCELLED: ").await;
    assert_eq!(run.exit().await.code(), Some(130));
    assert_eq!(
        server.other().execution(&execution).await["status"],
        "cancelled"
    );
    // Whoever cancels it elsewhere did not interrupt this program.
    let mut run = start_run(server.client(), "[[text at_work]][[hang]]");
    let execution = run.word_after("execution ").await;
    run.word_after("at_work").await;
    server.other().cancel(&execution).await;
    assert_eq!(run.exit().await.code(), Some(1));
    server
}

async fn a_reader_that_leaves_does_not_end_the_run(server: Server) -> Server {
    let line = format!(
        "{} run --url {} '[[lines n=50]]' | head -n 1; echo; {} run --url {} '[[text ok]]' >/dev/null; echo $?",
        program("longshore").display(),
        server.client().url(),
        program("longshore").display(),
        server.client().url(),
    );
    let output = sh(&line, Path::new("/")).await;
    assert!(text(&output.stdout).ends_with("\n0\n"), "{output:?}");
    assert!(!text(&output.stderr).contains("panicked"), "{output:?}");
    server
}
