//! `longshore workers`: the whole installation, for its operators.

use std::process::ExitCode;

use longshore_shared::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::args::WorkersArgs;
use crate::client::Api;
use crate::table::Rows;
use crate::words::{age, number, text};

/// A worker that has been silent for so many seconds is missed: it says how it stands every 5 s.
const SILENT: i64 = 15;

/// Lists the workers, and says how the installation does.
///
/// # Errors
/// When the API refuses it or does not answer.
pub async fn workers(args: WorkersArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    let (listed, stats) = (api.get("workers", &[]).await?, api.get("stats", &[]).await?);
    if args.json {
        println!(
            "{}",
            json!({ "workers": listed["workers"], "stats": stats })
        );
        return Ok(ExitCode::SUCCESS);
    }
    let columns = [
        "WORKER", "HOST", "STATE", "SLOTS", "HEARD OF", "UP SINCE", "VERSION",
    ];
    let mut rows = Rows::new(
        &columns,
        "No workers: what is accepted waits. `longshore-worker` starts one.",
    );
    for one in listed["workers"].as_array().into_iter().flatten() {
        rows.add(&[
            text(&one["worker_id"]),
            text(&one["host"]),
            state(one).to_owned(),
            format!("{}/{}", one["slots_used"], one["slots"]),
            age(&one["last_heartbeat_at"]),
            age(&one["started_at"]),
            text(&one["version"]),
        ]);
    }
    rows.print();
    eprintln!("{}", summary(&stats));
    Ok(ExitCode::SUCCESS)
}

fn state(worker: &Value) -> &'static str {
    let heard: Option<Timestamp> = serde_json::from_value(worker["last_heartbeat_at"].clone()).ok();
    if heard.is_some_and(|at| Timestamp::now().0 - at.0 > SILENT * 1000) {
        return "silent";
    }
    let (used, slots) = (worker["slots_used"].as_u64(), worker["slots"].as_u64());
    match worker["draining"] == true {
        true => "draining",
        false if used == Some(0) => "idle",
        false if used >= slots => "full",
        false => "busy",
    }
}

fn summary(stats: &Value) -> String {
    let waiting = match stats["waiting"].is_null() {
        true => "not known".to_owned(),
        false => number(&stats["waiting"]),
    };
    let engines = stats["engines"].as_object().into_iter().flatten();
    let engines: Vec<_> = engines
        .map(|(name, word)| format!("{name} {}", text(word)))
        .collect();
    format!(
        "{} pending, {waiting} in the queue, {} of {} slots used; {}",
        stats["pending"],
        stats["fleet"]["slots_used"],
        stats["fleet"]["slots"],
        engines.join(", ")
    )
}
