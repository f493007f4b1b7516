//! The session's file on disk: where it lies, reading it, appending to it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;

pub(super) fn append(path: &Path, entry: &Value) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(format!("{entry}\n").as_bytes())
}

/// A cut last line is tolerated, as by the real CLI.
pub(super) fn entries(path: &Path) -> Vec<Value> {
    let text = std::fs::read(path).unwrap_or_default();
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// The session an opened file holds, whatever its own name is.
pub(super) fn session(entries: &[Value]) -> Option<String> {
    let mut newest = entries.iter().rev();
    newest.find_map(|entry| entry["sessionId"].as_str().map(str::to_owned))
}

/// The folder's name; above 200 characters it is cut and told apart by a hash (the real one's is another).
pub(super) fn folder(cwd: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = cwd.chars().map(plain).collect();
    if name.len() <= 200 {
        return name;
    }
    format!("{}-{:x}", &name[..200], crate::fnv1a(cwd.as_bytes()))
}
