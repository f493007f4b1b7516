//! `longshore load`: loads a deployment, and measures what it does. Every stream it reads is held to the contract.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::args::LoadArgs;
use crate::client::{Api, Refusal};
use crate::words::text;

mod arrivals;
mod figures;
mod frame;
mod idle;
mod order;
mod processes;
mod report;
mod viewer;

use arrivals::Limits;
use figures::Shared;
use idle::Idle;
use processes::Processes;
use report::Report;
use viewer::{Manner, Viewer};

/// Loads the deployment until all have ended. Ctrl-C begins no more of them and waits for the rest; the next one leaves.
///
/// # Errors
/// When the API cannot be asked at all, or idle sockets cannot be opened.
pub async fn load(args: LoadArgs) -> anyhow::Result<ExitCode> {
    let load = Arc::new(Load {
        api: Api::new(&args.server)?,
        body: json!({ "workspace_id": args.workspace, "prompt": args.prompt }),
        manners: manners(&args),
        leaves_every: args.reconnect_every,
        unwatched: args.unwatched,
        figures: Shared::default(),
        bar: progress_bar(args.executions),
    });
    let mut idle = Idle::open(&load.api, &args).await?;
    let processes = Processes::begin(&args.processes);
    let limits = Limits {
        executions: args.executions,
        duration: args.duration,
        enough: enough()?,
    };
    let begun = Instant::now();
    let execute = {
        let load = Arc::clone(&load);
        move |meant| execute(Arc::clone(&load), meant)
    };
    let left_out = match args.rate {
        Some(rate) => arrivals::open(rate, &limits, execute).await,
        None => {
            arrivals::closed(args.concurrency, &limits, execute).await;
            0
        }
    };
    let report = Report {
        took: begun.elapsed(),
        left_out,
        idle: idle.open_now(),
        processes: processes.end(),
        figures: std::mem::take(&mut load.figures.lock()),
    };
    idle.close(&load.api).await;
    load.bar.finish_and_clear();
    match args.json {
        true => println!("{:#}", report.json()),
        false => print!("{report}"),
    }
    Ok(match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What all executions share.
struct Load {
    api: Api,
    body: Value,
    /// Of the viewers besides the first.
    manners: Vec<Manner>,
    leaves_every: Option<Duration>,
    unwatched: bool,
    figures: Shared,
    bar: ProgressBar,
}

/// One execution, from its submission to the end of its streams.
async fn execute(load: Arc<Load>, meant: Instant) {
    match load.api.execute(&load.body).await {
        Ok(accepted) => {
            {
                let mut figures = load.figures.lock();
                figures.accepted += 1;
                figures.accept.note(meant.elapsed());
            }
            if !load.unwatched {
                watch(&load, text(&accepted["execution_id"]), meant).await;
            }
        }
        Err(error) => {
            let refusal = error.downcast_ref::<Refusal>();
            load.figures
                .error(refusal.map_or("no answer".to_owned(), Refusal::kind));
        }
    }
    load.bar.inc(1);
}

async fn watch(load: &Arc<Load>, execution: String, meant: Instant) {
    let first = Manner {
        since: Some(meant),
        leaves_every: load.leaves_every,
        ..Manner::default()
    };
    let mut others = JoinSet::new();
    for manner in load.manners.iter().copied() {
        let (load, execution) = (Arc::clone(load), execution.clone());
        others.spawn(async move {
            Viewer::new(&load.api, &execution, manner, &load.figures)
                .watch()
                .await;
        });
    }
    Viewer::new(&load.api, &execution, first, &load.figures)
        .watch()
        .await;
    others.join_all().await;
}

fn manners(args: &LoadArgs) -> Vec<Manner> {
    let usual = Manner {
        leaves_every: args.reconnect_every,
        ..Manner::default()
    };
    let slow = Manner {
        rate: Some(args.slow_rate),
        ..usual
    };
    [vec![usual; args.viewers], vec![slow; args.slow_viewers]].concat()
}

/// Is cancelled by the first Ctrl-C; the second one ends this process.
fn enough() -> anyhow::Result<CancellationToken> {
    /// As shells report a program that was interrupted.
    const INTERRUPTED: i32 = 130;

    let (enough, mut interrupts) = (CancellationToken::new(), signal(SignalKind::interrupt())?);
    let asked = enough.clone();
    tokio::spawn(async move {
        interrupts.recv().await;
        eprintln!("no more are begun; waiting for the rest, Ctrl-C leaves at once");
        asked.cancel();
        interrupts.recv().await;
        std::process::exit(INTERRUPTED);
    });
    Ok(enough)
}

fn progress_bar(executions: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(executions);
    // The template is constant and right; the default would do as well.
    if let Ok(style) = ProgressStyle::with_template("{elapsed} {wide_bar} {pos}/{len} {per_sec}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
