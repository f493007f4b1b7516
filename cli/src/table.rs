//! Results in columns: a table on a terminal, lines with tabs between elsewhere.

use std::io::{self, IsTerminal as _, Write as _};

use console::{Alignment, measure_text_width, pad_str, style};

/// Between two columns of a table.
const GAP: &str = "  ";

/// Rows that are printed when all are there.
pub(crate) struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    empty: &'static str,
}

impl Rows {
    /// Columns, and what is said on a terminal where there is no row.
    pub(crate) fn new(columns: &[&str], empty: &'static str) -> Self {
        Self {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
            empty,
        }
    }

    pub(crate) fn add(&mut self, row: &[String]) {
        // What steers a terminal, or would be read as the end of a field, is no part of a name.
        let clean = |cell: &String| cell.chars().filter(|c| !c.is_control()).collect();
        self.rows.push(row.iter().map(clean).collect());
    }

    /// A reader that has gone away needs nothing more.
    pub(crate) fn print(&self) {
        let mut out = io::stdout().lock();
        let lines = if !out.is_terminal() {
            self.rows.iter().map(|row| row.join("\t")).collect()
        } else if self.rows.is_empty() {
            vec![self.empty.to_owned()]
        } else {
            self.table()
        };
        for line in lines {
            if writeln!(out, "{line}").is_err() {
                return;
            }
        }
    }

    fn table(&self) -> Vec<String> {
        let all = || std::iter::once(&self.columns).chain(&self.rows);
        let width = |column: usize| all().map(|row| measure_text_width(&row[column])).max();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| width(column).unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths);
            let padded = cells.map(|(cell, width)| {
                pad_str(&coloured(cell), *width, Alignment::Left, None).into_owned()
            });
            let line = padded.collect::<Vec<_>>().join(GAP);
            line.trim_end().to_owned()
        };
        all().map(line).collect()
    }
}

/// A status has its colour, where colours are wanted.
fn coloured(cell: &str) -> String {
    let styled = match cell {
        "completed" | "ok" | "idle" => style(cell).green(),
        "failed" | "silent" => style(cell).red(),
        "cancelled" | "draining" | "full" => style(cell).yellow(),
        "running" | "active" | "busy" => style(cell).cyan(),
        _ => return cell.to_owned(),
    };
    styled.to_string()
}
