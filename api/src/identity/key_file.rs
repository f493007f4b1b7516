//! A file with a key set, read again while the server runs: keys are rotated without a restart.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use longshore_shared::config::InvalidSetting;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::key::Key;
use super::key_set;

/// How often the file is looked at. Its text is compared and not its metadata: it may be swapped by way of a link, as
/// Kubernetes does, or be written in place.
const LOOK: Duration = Duration::from_secs(1);

/// What is read of a file with keys.
const MAX_FILE: u64 = 1 << 20;

/// The keys of the newest text that could be used.
pub(super) struct KeyFile {
    path: PathBuf,
    keys: RwLock<Arc<[Key]>>,
}

impl KeyFile {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// When it cannot be read, or holds no key set with a key that can be used.
    pub(super) fn open(path: &Path) -> Result<Self, InvalidSetting> {
        let keys = read(path).and_then(|text| key_set::parse(&text));
        let keys = keys.map_err(|why| invalid("--jwks", path, &why))?;
        Ok(Self {
            path: path.to_owned(),
            keys: RwLock::new(keys.into()),
        })
    }

    pub(super) fn keys(&self) -> Arc<[Key]> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads it again whenever it has changed. What cannot be used leaves the keys as they are, and is logged once.
    /// Never ends.
    pub(super) async fn keep_fresh(self: Arc<Self>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = None;
        loop {
            looks.tick().await;
            let path = self.path.clone();
            // The first look takes the text over once more, in case that it has changed since it was opened.
            let Ok(text) = tokio::task::spawn_blocking(move || read(&path)).await else {
                continue;
            };
            if seen.as_ref() != Some(&text) {
                self.take(text.clone());
                seen = Some(text);
            }
        }
    }

    fn take(&self, text: Result<String, String>) {
        match text.and_then(|text| key_set::parse(&text)) {
            Ok(keys) => {
                info!(file = %self.path.display(), keys = keys.len(), "read the key set");
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
            }
            Err(error) => {
                warn!(file = %self.path.display(), error, "the key set cannot be used; the keys it had before stay in use");
            }
        }
    }
}

/// The text of a file with keys.
///
/// # Errors
/// Says why it cannot be read.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 <= MAX_FILE => Ok(text),
        Ok(_) => Err("is larger than a file with keys may be, which is 1 MiB".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err("is no text".to_owned()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// A setting that names a file which cannot be used.
pub(super) fn invalid(setting: &str, path: &Path, why: &str) -> InvalidSetting {
    InvalidSetting::new(
        format_args!("{setting} {}", path.display()),
        format_args!("the file {why}"),
    )
}
