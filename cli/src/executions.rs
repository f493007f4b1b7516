//! `longshore executions`, `longshore watch` and `longshore cancel`.

use std::process::ExitCode;

use serde_json::Value;

use crate::args::{CancelArgs, ExecutionsArgs, WatchArgs};
use crate::client::Api;
use crate::screen::Screen;
use crate::table::Rows;
use crate::words::{age, between, money, number, text};
use crate::{facts, follow, listing};

/// Lists executions, or shows one.
///
/// # Errors
/// When the API refuses it or does not answer.
pub async fn executions(args: ExecutionsArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    if let Some(id) = args.execution {
        let execution = api.get(&format!("executions/{id}"), &[]).await?;
        facts::print(&execution, args.json);
        return Ok(ExitCode::SUCCESS);
    }
    let filters = [
        ("workspace_id", args.workspace),
        ("session_id", args.session.map(|id| id.to_string())),
        ("status", args.status),
    ];
    let found = listing::read(&api, "executions", "executions", &filters, args.limit).await?;
    if args.json {
        listing::print_json(&found);
    } else {
        table(&found).print();
    }
    Ok(ExitCode::SUCCESS)
}

fn table(executions: &[Value]) -> Rows {
    let columns = [
        "EXECUTION",
        "STATUS",
        "WORKSPACE",
        "AGE",
        "TOOK",
        "TURNS",
        "COST",
    ];
    let mut rows = Rows::new(&columns, "No executions. `longshore run` makes one.");
    for one in executions {
        rows.add(&[
            text(&one["execution_id"]),
            text(&one["status"]),
            text(&one["workspace_id"]),
            age(&one["created_at"]),
            between(&one["started_at"], &one["ended_at"]),
            number(&one["turns"]),
            money(&one["result"]["total_cost_usd"]),
        ]);
    }
    rows
}

/// Follows an execution to its end.
///
/// # Errors
/// When the API refuses it, or its stream is lost for good.
pub async fn watch(args: WatchArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    let mut screen = Screen::new(args.json);
    let execution = args.execution.to_string();
    follow::others(&api, &execution, args.after, &mut screen).await
}

/// Cancels executions, one after the other.
///
/// # Errors
/// When the API refuses one or does not answer; those before it are cancelled.
pub async fn cancel(args: CancelArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    for id in args.executions {
        let execution = api.cancel(&id.to_string()).await?;
        if args.json {
            println!("{execution}");
        } else {
            println!("{id} {}", state(&execution));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn state(execution: &Value) -> &str {
    match execution["status"].as_str() {
        Some("running") => "is being cancelled",
        Some("cancelled") => "is cancelled",
        Some(status) => status,
        None => "was asked to end",
    }
}
