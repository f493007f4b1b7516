//! A JSON Web Key Set as text, and the keys of it that tokens may be signed with.

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;

use super::key::Key;

/// Keys that are read of one set: a token that names none is tried with each that fits.
const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// The usable keys. Others are ignored, as RFC 7517, section 5, wishes: a set may hold keys for other purposes, and
/// of kinds that are not known yet.
///
/// # Errors
/// When the text is no key set, or no key of it can be used.
pub(super) fn parse(text: &str) -> Result<Vec<Key>, String> {
    let set: KeySet = serde_json::from_str(text)
        .map_err(|_| r#"holds no key set; one like {"keys":[…]} is needed"#.to_owned())?;
    if set.keys.len() > MAX_KEYS {
        return Err(format!("holds more than {MAX_KEYS} keys"));
    }
    let mut usable = Vec::new();
    let mut why = "there is none".to_owned();
    for key in set.keys {
        let jwk: Result<Jwk, _> = serde_json::from_value(key);
        match jwk
            .map_err(|_| "cannot be read".to_owned())
            .and_then(|jwk| Key::jwk(&jwk))
        {
            Ok(key) => usable.push(key),
            Err(reason) => why = format!("the last one {reason}"),
        }
    }
    if usable.is_empty() {
        return Err(format!("holds no key that can be used: {why}"));
    }
    Ok(usable)
}
