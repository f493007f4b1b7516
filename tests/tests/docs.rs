//! What the pages say of the tree is so: the map in the architecture page, the tests that the reliability page names.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_map_is_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let page =
        std::fs::read_to_string(root.join("docs/architecture.md")).expect("the page is there");
    let map = page
        .split("## The map")
        .nth(1)
        .and_then(|rest| rest.split("```").nth(1))
        .expect("a map");
    let mut mapped = BTreeSet::new();
    let mut folder = String::new();
    for line in map.lines().skip(1) {
        let name = line.split_whitespace().next().unwrap_or_default();
        let path = if line.starts_with(' ') {
            format!("{folder}{name}")
        } else {
            name.to_owned()
        };
        if !line.starts_with(' ') {
            folder.clone_from(&path);
        }
        assert!(
            root.join(&path).exists(),
            "the map shows {path}, which is not there"
        );
        mapped.insert(path);
    }
    for part in ["shared", "api", "worker", "cli"] {
        for entry in std::fs::read_dir(root.join(part).join("src"))
            .expect("a folder")
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{part}/src/{name}");
            assert!(
                !name.ends_with(".rs") || mapped.contains(&path),
                "the map does not show {path}"
            );
        }
    }
}

#[test]
fn every_alert_has_its_runbook() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).expect("it is there");
    let page = read("docs/operations.md");
    let runbooks: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let rules = read("deploy/observability/alerts.yml");
    let alerts: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert_eq!(alerts, runbooks);
    let tests = read("deploy/observability/alerts.test.yml");
    for alert in alerts {
        assert!(tests.contains(&format!("- name: {alert}\n")), "{alert}");
        let link = format!("docs/operations.md#{}", alert.to_lowercase());
        assert!(rules.contains(&link), "{alert} names its runbook");
    }
}

/// A test is named by its module and its function; its suite is among the folders that hold tests.
#[test]
fn the_proofs_of_reliability_are_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let page =
        std::fs::read_to_string(root.join("docs/reliability.md")).expect("the page is there");
    let mut sources = Vec::new();
    for suite in ["tests/tests", "shared/tests", "shared/src", "worker/src"] {
        read_sources(&root.join(suite), &mut sources);
    }
    let names = page.split('`').skip(1).step_by(2);
    let proofs: Vec<_> = names
        .filter(|name| name.contains("::") && !name.starts_with("Server"))
        .collect();
    assert!(proofs.len() > 30, "the page names its proofs");
    for proof in proofs {
        let (module, test) = proof.rsplit_once("::").expect("it has two parts");
        let file = format!("{}.rs", module.replace("::", "/"));
        let function = format!("fn {test}(");
        let is_there = sources
            .iter()
            .any(|(path, text)| path.ends_with(&file) && text.contains(&function));
        assert!(is_there, "the page names {proof}, which is no test");
    }
}

fn read_sources(folder: &Path, sources: &mut Vec<(std::path::PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a text");
            sources.push((path, text));
        }
    }
}
