//! What passing tests leave behind: a line `rule⇥test⇥where` for each rule they prove, in a file that all of them share.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use super::On;

/// The tests that proved each rule, with where they did.
pub type Proofs = BTreeMap<String, BTreeMap<String, BTreeSet<On>>>;

/// Notes that a test has passed and what it proves by that.
///
/// # Panics
/// When it cannot be written.
pub fn record(on: On, module: &str, test: &str, rules: &[&str]) {
    let module = module
        .trim_end_matches("::embedded")
        .trim_end_matches("::cluster");
    let place = module
        .split_once("::")
        .map_or(String::new(), |(_, rest)| format!("{rest}::"));
    let lines: String = rules
        .iter()
        .map(|rule| format!("{rule}\t{place}{test}\t{}\n", on.as_str()))
        .collect();
    let file = file();
    std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder");
    // Appended in one piece, since many tests write at once.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| file.write_all(lines.as_bytes()))
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Forgets all records, before a whole run.
///
/// # Errors
/// When they cannot be removed.
pub fn forget() -> std::io::Result<()> {
    match std::fs::remove_file(file()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads all records; none where no test has left any.
///
/// # Errors
/// When they cannot be read.
pub fn read() -> Result<Proofs, String> {
    match std::fs::read_to_string(file()) {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Proofs::new()),
        Err(error) => Err(format!("{}: {error}", file().display())),
    }
}

/// # Errors
/// A line that is no record.
pub fn parse(text: &str) -> Result<Proofs, String> {
    let mut proofs = Proofs::new();
    for line in text.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [rule, test, on] = parts[..] else {
            return Err(format!("no record: {line:?}"));
        };
        let on = On::parse(on).ok_or_else(|| format!("no record: {line:?}"))?;
        let tests = proofs.entry(rule.to_owned()).or_default();
        tests.entry(test.to_owned()).or_default().insert(on);
    }
    Ok(proofs)
}

/// In the folder that cargo builds into: this program is in `debug/` of it, and a test in `debug/deps/`.
fn file() -> PathBuf {
    let program = std::env::current_exe().expect("a program knows its own path");
    let mut folders = program.ancestors().skip(1);
    let mut folder = folders.next().expect("it is in a folder");
    if folder.ends_with("deps") {
        folder = folders.next().expect("it is in a folder");
    }
    folder.with_file_name("conformance").join("records")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_each_of_its_tests_once() {
        let proofs =
            parse("a.b\tx::y\tcluster\na.b\tx::y\tmemory\na.b\tx::y\tmemory\na.b\tw\tfiles\n")
                .unwrap();
        let tests = &proofs["a.b"];
        assert_eq!(tests.keys().collect::<Vec<_>>(), ["w", "x::y"]);
        assert_eq!(tests["x::y"], BTreeSet::from([On::Memory, On::Cluster]));
        for bad in ["a.b", "a.b\tx\tmars", "a.b\tx\tmemory\tmore"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
