//! `conformance start | write | check`: from the records of a whole run of the tests to `docs/api/conformance.md`.
//!
//! `start` forgets what was recorded; `write` writes the page; `check` compares it. Both fail while a rule has no test.

use std::path::Path;
use std::process::ExitCode;

use tests::conformance::{records, rules, table};

fn main() -> ExitCode {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api");
    let done = match std::env::args().nth(1).as_deref() {
        Some("start") => records::forget().map_err(|error| error.to_string()),
        Some("write") => join(&api, write),
        Some("check") => join(&api, check),
        _ => Err("say start, write or check".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("conformance: {why}");
            ExitCode::FAILURE
        }
    }
}

fn join(api: &Path, page: fn(&Path, &str) -> Result<(), String>) -> Result<(), String> {
    let sections = rules::parse(&read(&api.join("rules.txt"))?)?;
    let proofs = records::read()?;
    page(
        &api.join("conformance.md"),
        &table::page(&sections, &proofs),
    )?;
    let problems = table::problems(&sections, &proofs);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\nconformance: "))
    }
}

fn write(file: &Path, page: &str) -> Result<(), String> {
    std::fs::write(file, page).map_err(|error| format!("{}: {error}", file.display()))
}

fn check(file: &Path, page: &str) -> Result<(), String> {
    let committed = read(file)?;
    let differs = committed
        .lines()
        .zip(page.lines())
        .find(|(theirs, ours)| theirs != ours);
    match differs {
        _ if committed == page => Ok(()),
        None => Err(
            "docs/api/conformance.md has lines too many or too few; make test writes it".to_owned(),
        ),
        Some((theirs, ours)) => Err(format!(
            "docs/api/conformance.md is not what this run proved; make test writes it\n  committed: {theirs}\n  now:       {ours}"
        )),
    }
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
