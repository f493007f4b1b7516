//! What a run has shown: as a table for people, as JSON for programs.

use std::fmt;
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use super::figures::{Figures, Latencies};
use super::processes::Taken;

pub(super) struct Report {
    pub(super) figures: Figures,
    pub(super) took: Duration,
    /// Begun too late to be begun at all.
    pub(super) left_out: u64,
    pub(super) idle: usize,
    pub(super) processes: Vec<Taken>,
}

const COLUMNS: [&str; 5] = ["p50", "p90", "p99", "p99_9", "max"];

impl Report {
    /// Every stream was whole.
    pub(super) fn is_whole(&self) -> bool {
        !self.figures.breaches.any()
    }

    /// And something was accepted at all.
    pub(super) fn is_good(&self) -> bool {
        self.is_whole() && self.figures.accepted > 0
    }

    fn rate(&self, count: u64) -> f64 {
        count as f64 / self.took.as_secs_f64().max(1e-6)
    }

    fn latencies(&self) -> [(&'static str, &Latencies); 4] {
        let figures = &self.figures;
        [
            ("accept", &figures.accept),
            ("first_message", &figures.first_message),
            ("end", &figures.end),
            ("added", &figures.added),
        ]
    }

    pub(super) fn json(&self) -> Value {
        let figures = &self.figures;
        let latencies = self.latencies().map(|(name, latencies)| {
            let summary = COLUMNS.into_iter().zip(latencies.summary());
            let mut summary: Value = summary
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
            summary["count"] = json!(latencies.count());
            (name.to_owned(), summary)
        });
        json!({
            "whole": self.is_whole(),
            "seconds": self.took.as_secs_f64(),
            "accepted": figures.accepted,
            "accepted_per_second": self.rate(figures.accepted),
            "ended": figures.ended,
            "left_out": self.left_out,
            "latency_ms": Value::from_iter(latencies),
            "frames": figures.frames,
            "frames_per_second": self.rate(figures.frames),
            "bytes": figures.bytes,
            "connections": figures.connections,
            "idle_sockets": self.idle,
            "gaps": figures.gaps,
            "lost": figures.breaches.lost,
            "repeated": figures.breaches.repeated,
            "misordered": figures.breaches.misordered,
            "errors": figures.errors,
            "processes": self.processes,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = &self.figures;
        let mut counts = table(["", "count", "per second"]);
        for (name, count) in [
            ("accepted", figures.accepted),
            ("ended", figures.ended.values().sum()),
            ("frames", figures.frames),
        ] {
            counts.add_row([
                name.to_owned(),
                count.to_string(),
                format!("{:.0}", self.rate(count)),
            ]);
        }
        writeln!(f, "{counts}\n")?;
        let mut latencies = table(["ms", "p50", "p90", "p99", "p99.9", "max"]);
        for (name, of) in self.latencies() {
            if of.count() > 0 {
                let summary = of.summary().map(|value| format!("{value:.2}"));
                latencies.add_row([&[name.replace('_', " ")], summary.as_slice()].concat());
            }
        }
        writeln!(f, "{latencies}\n")?;
        if !self.processes.is_empty() {
            let mut processes = table(["", "CPU s", "peak MiB"]);
            for taken in &self.processes {
                let (cpu, peak) = (taken.cpu_seconds, taken.peak_kib as f64 / 1024.0);
                processes.add_row([
                    taken.name.clone(),
                    format!("{cpu:.2}"),
                    format!("{peak:.1}"),
                ]);
            }
            writeln!(f, "{processes}\n")?;
        }
        self.remarks(f)
    }
}

impl Report {
    fn remarks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = &self.figures;
        writeln!(
            f,
            "took {:.2} s, over {} connections",
            self.took.as_secs_f64(),
            figures.connections
        )?;
        for (status, count) in &figures.ended {
            writeln!(f, "{count} {status}")?;
        }
        for (kind, count) in &figures.errors {
            writeln!(f, "{count} × {kind}")?;
        }
        if self.left_out > 0 {
            writeln!(
                f,
                "{} were not begun: too many were under way",
                self.left_out
            )?;
        }
        if self.idle > 0 {
            writeln!(f, "{} idle sockets were open to the end", self.idle)?;
        }
        if figures.gaps > 0 {
            writeln!(
                f,
                "{} gaps: events were asked for that are no longer kept",
                figures.gaps
            )?;
        }
        let breaches = figures.breaches;
        writeln!(
            f,
            "lost {}, repeated {}, out of order {}",
            breaches.lost, breaches.repeated, breaches.misordered
        )
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
