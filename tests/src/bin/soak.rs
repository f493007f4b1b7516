//! `soak SECONDS [SEED [SECONDS-BETWEEN-FAULTS]]`: random work under random faults, and a verdict; see `tests::soak`.
//! Exits with 1 unless that is clean.

use std::process::ExitCode;
use std::time::Duration;

use tests::soak::{Plan, run};

#[tokio::main]
async fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let Some(Ok(seconds)) = numbers.next() else {
        eprintln!("soak: say for how many seconds");
        return ExitCode::FAILURE;
    };
    let seed = numbers
        .next()
        .and_then(Result::ok)
        .unwrap_or_else(|| fastrand::u64(..1_000_000));
    let between = numbers
        .next()
        .and_then(Result::ok)
        .unwrap_or(if seconds < 600 { 10 } else { 15 });
    eprintln!("soak: {seconds} s, seed {seed}, a fault every {between} s");
    let plan = Plan {
        time: Duration::from_secs(seconds),
        seed,
        between_faults: Duration::from_secs(between),
    };
    let Some(verdict) = run(plan).await else {
        eprintln!("soak: there are no engines to be had");
        return ExitCode::FAILURE;
    };
    print!("{verdict}");
    println!("{}", verdict.json());
    if verdict.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
