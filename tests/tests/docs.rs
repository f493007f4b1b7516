//! The map in the architecture page is the tree.

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
