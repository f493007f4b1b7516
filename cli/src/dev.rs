//! `longshore dev`: API and worker in one process, on backends in memory.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use longshore_api::state::ApiState;
use longshore_shared::backends::Backends;
use longshore_shared::config::refuse;
use longshore_shared::{admin, metrics, shutdown, telemetry};
use longshore_worker::{Worker, find_claude};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::args::{DevArgs, FAKE_CLAUDE};

/// Serves until a signal.
///
/// # Errors
/// When the machine does not give what is needed.
pub async fn dev(mut args: DevArgs) -> anyhow::Result<ExitCode> {
    let _telemetry =
        telemetry::init(&args.log, "longshore-dev").unwrap_or_else(|error| refuse(error));
    args.api
        .check_bind(args.bind)
        .unwrap_or_else(|error| refuse(error));
    let fake = choose_claude(&mut args)?;
    let backends = Backends::memory((&args.retention).into());
    let worker = Worker::new(backends.clone(), args.worker.clone())
        .await
        .unwrap_or_else(|error| refuse(error));
    let state = ApiState::new(backends, args.api.clone()).unwrap_or_else(|error| refuse(error));
    let listener = TcpListener::bind(args.bind)
        .await
        .unwrap_or_else(|error| occupied(args.bind, &error));
    let admin = admin::bind(&args.admin_bind)
        .await
        .unwrap_or_else(|error| refuse(error));
    let shutdown = shutdown::on_signal()?;
    // A closed pipe is no reason to stop serving.
    let _ = welcome(io::stdout(), &args, listener.local_addr()?, fake.is_some());
    let _admin = admin.map(|listener| {
        metrics::install(&[metrics::PROCESS, metrics::API, metrics::WORKER]);
        AbortOnDropHandle::new(tokio::spawn(longshore_api::serve_admin(
            listener,
            state.clone(),
        )))
    });
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { worker.run(shutdown).await }
    });
    longshore_api::serve(listener, state, shutdown).await;
    running.await?;
    Ok(ExitCode::SUCCESS)
}

fn occupied(bind: SocketAddr, error: &io::Error) -> ! {
    refuse(format_args!(
        "--bind {bind}: {error}; --bind 127.0.0.1:0 takes any free port"
    ))
}

/// Points the worker to the fake CLI where that is wished for or there is no other. The folder holds it while used.
fn choose_claude(args: &mut DevArgs) -> anyhow::Result<Option<TempDir>> {
    if !args.fake && find_claude(&args.worker.claude).is_some() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new()
        .prefix("longshore-dev-")
        .tempdir()?;
    let link = folder.path().join(FAKE_CLAUDE);
    let this = std::env::current_exe().context("this program's own path is not known")?;
    std::os::unix::fs::symlink(this, &link)?;
    args.worker.claude.claude_bin = link;
    Ok(Some(folder))
}

fn welcome(
    mut out: impl io::Write,
    args: &DevArgs,
    address: SocketAddr,
    fake: bool,
) -> io::Result<()> {
    let claude = &args.worker.claude;
    match (fake, args.fake) {
        (true, true) => writeln!(
            out,
            "The built-in fake Claude CLI answers: no model is asked, nothing costs anything."
        )?,
        (true, false) => writeln!(
            out,
            "There is no `claude` in PATH, so the built-in fake Claude CLI answers: no model is asked."
        )?,
        (false, _) => writeln!(
            out,
            "The Claude CLI answers: {}",
            claude.claude_bin.display()
        )?,
    }
    if !fake && !claude.has_credentials() {
        writeln!(
            out,
            "It runs with a private home and no key is set, so it will say that it is not logged in:"
        )?;
        writeln!(
            out,
            "set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN as `claude setup-token` prints it."
        )?;
    }
    writeln!(
        out,
        "Everything is kept in memory and goes with this process.\n"
    )?;
    writeln!(out, "Longshore listens on http://{address}\n")?;
    writeln!(out, "Open http://{address}/console/ in a browser.\n")?;
    let identified = args.api.identity.has_key();
    if identified {
        writeln!(
            out,
            "Callers need a token: `longshore token` makes one, and LONGSHORE_TOKEN holds it here.\n"
        )?;
    } else {
        writeln!(
            out,
            "Callers are not identified: everybody on this machine has all workspaces.\n"
        )?;
    }
    for line in examples(address, identified) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "\nCtrl-C stops it.")?;
    out.flush()
}

/// Lines that work as they are printed.
fn examples(address: SocketAddr, identified: bool) -> [String; 2] {
    let token = if identified {
        r#" -H "authorization: Bearer $LONGSHORE_TOKEN""#
    } else {
        ""
    };
    let curl = format!(
        "curl -sS http://{address}/api/v1/claude/execute -H 'content-type: application/json'{token} \\\n       \
         -d '{{\"workspace_id\":\"demo\",\"prompt\":\"Say hello\"}}'"
    );
    [
        curl,
        format!(
            "{} run --url http://{address} \"Say hello\"",
            this_program()
        ),
    ]
}

/// This program as a shell can call it from here.
fn this_program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("longshore"));
    let here = std::env::current_dir().unwrap_or_default();
    // Without the dot a shell would look a bare name up in PATH.
    let shown = path
        .strip_prefix(here)
        .map(|below| Path::new(".").join(below))
        .unwrap_or(path);
    quoted(&shown.display().to_string())
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
