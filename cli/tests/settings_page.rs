//! The table of settings in docs/operations.md is what the programs' `--help` says.
//! LONGSHORE_WRITE_SETTINGS=1 writes it: `make settings-docs`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test, told by its caller to write"
)]

use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};

const BEGIN: &str = "<!-- settings: begin -->\n";
const END: &str = "<!-- settings: end -->\n";

#[test]
fn the_operations_page_has_every_setting() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the table's begin");
    let (_, after) = rest.split_once(END).expect("the table's end");
    let right = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var("LONGSHORE_WRITE_SETTINGS").as_deref() == Ok("1") {
        std::fs::write(&file, &right).unwrap();
    }
    assert!(page == right, "run `make settings-docs`");
}

fn table() -> String {
    let api = longshore_api::config::Cli::command();
    let worker = longshore_worker::config::Cli::command();
    let mut lines = String::from("| variable | of | default | what it is |\n|---|---|---|---|\n");
    // What both have is one line, unless they have it each in its own way.
    let same = |arg: &Arg, other: &Arg| line(arg, "") == line(other, "");
    for arg in settings(&api) {
        let both = settings(&worker).any(|other| same(arg, other));
        lines += &line(arg, if both { "both" } else { "API" });
    }
    for arg in settings(&worker) {
        if !settings(&api).any(|other| same(arg, other)) {
            lines += &line(arg, "worker");
        }
    }
    lines
}

fn settings(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some())
}

fn line(arg: &Arg, of: &str) -> String {
    let variable = arg.get_env().unwrap().to_string_lossy();
    let defaults = arg.get_default_values().iter();
    let default: Vec<_> = defaults
        .map(|value| value.to_string_lossy())
        .filter(|value| !value.is_empty())
        .map(|value| format!("`{value}`"))
        .collect();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let file = match arg.is_hide_env_values_set() {
        true => "; or by file, `…_FILE`",
        false => "",
    };
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let values = match values.is_empty() {
        true => String::new(),
        false => format!(": {}", values.join(", ")),
    };
    let help = help.replace('|', "\\|");
    format!(
        "| `{variable}` | {of} | {} | {help}{values}{file} |\n",
        default.join(" ")
    )
}
