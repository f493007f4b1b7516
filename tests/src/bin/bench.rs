//! `bench [ROUNDS [ROW…]]`: Longshore and the ceiling in turn on this machine, row by row; see `tests::bench`. Prints a table,
//! and JSON to `bench.json` beside this program. Exits with 1 when a target is missed.

use std::process::ExitCode;

use tests::bench::{Row, run};

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let rounds = words.next().map_or(Ok(3), |word| word.parse());
    let rows: Option<Vec<Row>> = words.map(|word| Row::named(&word)).collect();
    let (Ok(rounds @ 1..), Some(rows)) = (rounds, rows) else {
        eprintln!("bench: say how many rounds, then the rows, P1 to P9; without rows all of them");
        return ExitCode::FAILURE;
    };
    let rows = if rows.is_empty() { Row::all() } else { rows };
    let Some(table) = run(&rows, rounds).await else {
        eprintln!("bench: there are no engines to be had");
        return ExitCode::FAILURE;
    };
    print!("{table}");
    let file = tests::services::program("bench").with_file_name("bench.json");
    if let Err(error) = std::fs::write(&file, format!("{:#}\n", table.json())) {
        eprintln!("bench: {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    println!("also as JSON in {}", file.display());
    match table.is_met() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
