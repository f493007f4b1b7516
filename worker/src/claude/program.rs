//! Finds the CLI's program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The absolute path of `program`: a name is looked up in `search` (the value of PATH), a path is taken as it is.
///
/// Looked up before the start, because a start fails alike for a missing program and a missing working directory.
pub(crate) fn find(program: &Path, search: &OsStr) -> Option<PathBuf> {
    let is_name = program.components().count() == 1
        && !program.as_os_str().as_encoded_bytes().contains(&b'/');
    let candidates: Vec<PathBuf> = if is_name {
        std::env::split_paths(search)
            .map(|folder| folder.join(program))
            .collect()
    } else {
        vec![program.to_owned()]
    };
    candidates
        .into_iter()
        .filter_map(|candidate| std::path::absolute(candidate).ok())
        .find(|candidate| candidate.is_file() && access(candidate, Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_paths_are_not() {
        let search = OsStr::new("/nonexistent:/usr/bin:/bin");
        let sh = find(Path::new("sh"), search).unwrap();
        assert!(sh.is_absolute() && sh.ends_with("sh"));
        assert_eq!(find(&sh, OsStr::new("")), Some(sh));
        for missing in ["no-such-program", "./sh", "/etc/passwd", "/", ""] {
            assert_eq!(find(Path::new(missing), search), None, "{missing}");
        }
    }
}
