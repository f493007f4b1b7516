//! Variables of the CLI that hold secrets, by files: orchestrators mount them so, and change them while everything runs.

use std::ffi::OsString;
use std::path::Path;

use tracing::warn;

/// Longer than any key.
const MOST: u64 = 64 * 1024;

/// One variable for each file of the folder, with its name and its text. What cannot be one is passed over and logged.
pub(super) fn read(folder: &Path) -> Vec<(OsString, OsString)> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            warn!(folder = %folder.display(), %error, "the secrets of the CLI cannot be read");
            return Vec::new();
        }
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    // Kubernetes keeps what it mounts in hidden folders.
    let shown = names.filter(|name| !name.to_string_lossy().starts_with('.'));
    shown
        .filter_map(|name| match text(&folder.join(&name), &name) {
            Ok(text) => Some((name, text.into())),
            Err(why) => {
                warn!(file = %folder.join(&name).display(), why, "no secret of the CLI");
                None
            }
        })
        .collect()
}

fn text(file: &Path, name: &std::ffi::OsStr) -> Result<String, String> {
    let named = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.as_encoded_bytes().iter().all(|byte| named(*byte)) {
        return Err("a variable's name has capitals, digits and underscores".to_owned());
    }
    let length = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !length.is_file() || length.len() > MOST {
        return Err("a file of 64 KiB at most is needed".to_owned());
    }
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
