//! `longshore sessions` and `longshore logs`.

use std::process::ExitCode;

use serde_json::Value;

use crate::args::{LogsArgs, SessionsArgs};
use crate::client::Api;
use crate::screen::Screen;
use crate::table::Rows;
use crate::words::{age, money, number, text};
use crate::{facts, listing};

/// Events that are read at once.
const PAGE: &str = "1000";

/// Lists sessions, shows one, or closes it.
///
/// # Errors
/// When the API refuses it or does not answer.
pub async fn sessions(args: SessionsArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    if let Some(id) = args.session {
        let path = format!("sessions/{id}");
        if args.close {
            api.delete(&path).await?;
        }
        facts::print(&api.get(&path, &[]).await?, args.json);
        return Ok(ExitCode::SUCCESS);
    }
    let filters = [("workspace_id", args.workspace), ("status", args.status)];
    let found = listing::read(&api, "sessions", "sessions", &filters, args.limit).await?;
    if args.json {
        listing::print_json(&found);
    } else {
        table(&found).print();
    }
    Ok(ExitCode::SUCCESS)
}

fn table(sessions: &[Value]) -> Rows {
    let columns = [
        "SESSION",
        "STATUS",
        "WORKSPACE",
        "ACTIVE",
        "EXECUTIONS",
        "TURNS",
        "COST",
    ];
    let empty = "No sessions. Every `longshore run` that continues none begins one.";
    let mut rows = Rows::new(&columns, empty);
    for one in sessions {
        rows.add(&[
            text(&one["session_id"]),
            text(&one["status"]),
            text(&one["workspace_id"]),
            age(&one["updated_at"]),
            number(&one["executions"]),
            number(&one["turns"]),
            money(&one["total_cost_usd"]),
        ]);
    }
    rows
}

/// Prints what was said, from the start to what is recorded now.
///
/// # Errors
/// When the API refuses it or does not answer.
pub async fn logs(args: LogsArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    let mut screen = Screen::new(args.json);
    let (path, name, from, next) = if args.execution {
        let path = format!("executions/{}/events", args.id);
        (path, "events", "after", "next_after")
    } else {
        let path = format!("sessions/{}/logs", args.id);
        (path, "logs", "cursor", "next_cursor")
    };
    let mut place: Option<String> = None;
    loop {
        let query = [("limit", Some(PAGE.to_owned())), (from, place)];
        let page = api.get(&path, &query).await?;
        let frames = page[name].as_array().map(Vec::as_slice).unwrap_or_default();
        for frame in frames {
            screen.show(frame);
        }
        place = page[next].as_str().map(str::to_owned);
        // The events of an execution always name a next place; with the last page there is nothing there.
        if place.is_none() || frames.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}
