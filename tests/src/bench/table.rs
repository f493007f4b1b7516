//! What was measured, beside the ceiling and the target.

use std::fmt;

use serde_json::{Value, json};

use super::Side;
use super::row::{Figure, Row, Target};

/// Every row that was measured.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Measured>,
}

/// One row, over all rounds.
#[derive(Debug)]
pub(super) struct Measured {
    row: Row,
    /// For each figure of the row one in each round.
    ours: Vec<Vec<f64>>,
    ceiling: Vec<Vec<f64>>,
}

/// One line of the table.
struct Line {
    row: Row,
    figure: Figure,
    ours: f64,
    ceiling: Option<f64>,
}

impl Measured {
    pub(super) fn new(row: Row) -> Self {
        let empty = vec![Vec::new(); row.figures().len()];
        Self {
            row,
            ours: empty.clone(),
            ceiling: empty,
        }
    }

    pub(super) fn add(&mut self, side: Side, figures: &[f64]) {
        let of_side = match side {
            Side::Ours => &mut self.ours,
            Side::Ceiling => &mut self.ceiling,
        };
        for (all, one) in of_side.iter_mut().zip(figures) {
            all.push(*one);
        }
    }

    fn lines(&self) -> impl Iterator<Item = Line> {
        let figures = self.row.figures().iter().zip(&self.ours).zip(&self.ceiling);
        figures.map(|((figure, ours), ceiling)| Line {
            row: self.row,
            figure: *figure,
            ours: median_of(&mut ours.clone()),
            ceiling: (!ceiling.is_empty()).then(|| median_of(&mut ceiling.clone())),
        })
    }
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        self.ceiling.map(|ceiling| self.ours / ceiling)
    }

    fn is_met(&self) -> bool {
        match self.figure.target {
            Target::OfCeiling(part) => self.ratio().is_some_and(|ratio| ratio >= part),
            Target::AtLeast(least) => self.ours >= least,
            Target::AtMost(most) => self.ours <= most,
        }
    }
}

impl Table {
    pub(super) fn add(&mut self, measured: Measured) {
        self.rows.push(measured);
    }

    fn lines(&self) -> impl Iterator<Item = Line> {
        self.rows.iter().flat_map(Measured::lines)
    }

    /// Every target is reached.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.lines().all(|line| line.is_met())
    }

    /// With every round.
    #[must_use]
    pub fn json(&self) -> Value {
        let row = |row: &Measured| {
            let figures = row.lines().zip(&row.ours).zip(&row.ceiling);
            let figures = figures.map(|((line, ours), ceiling)| {
                json!({
                    "name": line.figure.name,
                    "unit": line.figure.unit,
                    "ours": line.ours,
                    "ceiling": line.ceiling,
                    "ratio": line.ratio(),
                    "target": line.figure.target.to_string(),
                    "met": line.is_met(),
                    "rounds": { "ours": ours, "ceiling": ceiling },
                })
            });
            json!({ "row": row.row.to_string(), "what": row.row.what(), "figures": Value::from_iter(figures) })
        };
        json!({ "met": self.is_met(), "rows": Value::from_iter(self.rows.iter().map(row)) })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<3} {:<26} {:>12} {:>12} {:>6}  target",
            "", "", "ours", "ceiling", "ratio"
        )?;
        for line in self.lines() {
            let Figure { name, unit, target } = line.figure;
            let ceiling = line.ceiling.map(short).unwrap_or_default();
            let ratio = line.ratio().map(|ratio| format!("{ratio:.2}"));
            let missed = if line.is_met() { "" } else { "  missed" };
            let (row, ours) = (line.row.to_string(), short(line.ours));
            writeln!(
                f,
                "{row:<3} {name:<26} {ours:>12} {ceiling:>12} {:>6}  {target} {unit}{missed}",
                ratio.unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfCeiling(part) => write!(f, "≥ {:.0} % of the ceiling's", part * 100.0),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}

/// Three digits are more than is known.
fn short(number: f64) -> String {
    match number {
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// The one in the middle; of an even number the upper one.
pub(super) fn median_of(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
