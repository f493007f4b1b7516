//! Leaving a run: whoever interrupts it cancels it, whoever stops reading does not, nor whoever only watches.

use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::io::ioctl_fionread;
use tests::client::Client;
use tests::process::{PATIENCE, Process, until};
use tests::server::{Server, Setup};
use tests::services::program;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::{sh, text};

over_every_server! { Setup::default() =>
    an_interrupted_run_is_cancelled: ["command.run.interrupt"],
    a_reader_that_leaves_does_not_end_the_run: ["command.run.pipe"],
    an_interrupt_is_heard_while_a_frame_is_shown: ["command.watch"],
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

async fn an_interrupt_is_heard_while_a_frame_is_shown(server: Server) -> Server {
    let client = server.client();
    let (execution, _) = client.submit("[[lines n=1 bytes=200000]][[hang]]").await;
    let mut watch = Command::new(program("longshore"))
        .args(["watch", "--json", "--url", client.url(), &execution])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdout = watch.stdout.take().unwrap();
    // Nobody reads, and a pipe takes 64 KiB: it is in the middle of that frame.
    until(|| ioctl_fionread(&stdout).unwrap() > 50_000).await;
    let id = watch.id().unwrap().cast_signed();
    kill(Pid::from_raw(id), Signal::SIGINT).unwrap();
    let mut shown = Vec::new();
    let reading = stdout.read_to_end(&mut shown);
    timeout(PATIENCE, reading).await.expect("it ends").unwrap();
    let output = watch.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(text(&output.stderr).contains("it goes on"), "{output:?}");
    let last = text(&shown);
    assert!(shown.len() > 200_000 && last.ends_with("}\n"), "{last}");
    client.cancel(&execution).await;
    server
}
