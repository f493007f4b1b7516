//! From a token to its caller: the signature first, then what the token claims.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, decode_header};
use longshore_shared::config::InvalidSetting;

use super::Caller;
use super::bearer::Token;
use super::claims::{Claims, Expected};
use super::key::Key;
use super::key_file::{self, KeyFile};
use super::unauthorized::Unauthorized;
use crate::config::identity::IdentitySettings;

#[cfg(test)]
mod tests;

/// The longest token. One that names a thousand workspaces is shorter; headers are not limited elsewhere.
const MAX_TOKEN: usize = 8 << 10;

/// Knows the keys that tokens are signed with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Verifier {
    /// The secret's and the PEM file's.
    fixed: Arc<[Key]>,
    set: Option<Arc<KeyFile>>,
    expected: Arc<Expected>,
}

impl Verifier {
    /// Reads the keys; `None` where there are none, and so nobody is identified.
    ///
    /// # Errors
    /// When a key cannot be used, or something is demanded of tokens and there is no key.
    pub(crate) fn open(settings: &IdentitySettings) -> Result<Option<Self>, InvalidSetting> {
        check_demands(settings)?;
        if !settings.has_key() {
            return Ok(None);
        }
        let mut fixed = Vec::new();
        if let Some(secret) = &settings.jwt_secret {
            let key = Key::secret(secret.expose().as_bytes());
            fixed.push(key.map_err(|why| InvalidSetting::new("--jwt-secret", why))?);
        }
        if let Some(path) = &settings.jwt_public_key {
            fixed.push(public_key(path)?);
        }
        let set = settings.jwks.as_deref().map(KeyFile::open).transpose()?;
        let expected = Expected {
            audience: settings.jwt_audience.clone(),
            issuer: settings.jwt_issuer.clone(),
        };
        Ok(Some(Self {
            fixed: fixed.into(),
            set: set.map(Arc::new),
            expected: Arc::new(expected),
        }))
    }

    /// Keeps up with the file of the key set. Never ends where there is one.
    pub(crate) async fn keep_fresh(self) {
        if let Some(set) = self.set {
            set.keep_fresh().await;
        }
    }

    /// The caller that a token makes, as of now.
    ///
    /// # Errors
    /// Says why the token is not accepted.
    pub(crate) fn verify(&self, token: &Token) -> Result<Caller, Unauthorized> {
        let token = token.as_str();
        if token.len() > MAX_TOKEN {
            return Err(Unauthorized::invalid("the token is longer than 8 KiB"));
        }
        let (message, signature) = token.rsplit_once('.').ok_or_else(unreadable)?;
        self.check_signature(&header(token)?, message, signature)?;
        claims(message)?.caller(&self.expected, SystemTime::now())
    }

    fn check_signature(
        &self,
        header: &Header,
        message: &str,
        signature: &str,
    ) -> Result<(), Unauthorized> {
        let of_set = self.set.as_ref().map(|set| set.keys());
        let keys = self
            .fixed
            .iter()
            .chain(of_set.iter().flat_map(|keys| keys.iter()));
        let mut fitting = keys.filter(|key| key.fits(header)).peekable();
        if fitting.peek().is_none() {
            let message = "there is no key for the token's algorithm and key id";
            return Err(Unauthorized::invalid(message));
        }
        if fitting.any(|key| key.has_signed(message.as_bytes(), signature)) {
            Ok(())
        } else {
            Err(Unauthorized::invalid("the token's signature is wrong"))
        }
    }
}

/// What is demanded of tokens would silently be demanded of nobody.
fn check_demands(settings: &IdentitySettings) -> Result<(), InvalidSetting> {
    for (setting, demand) in [
        ("--jwt-audience", &settings.jwt_audience),
        ("--jwt-issuer", &settings.jwt_issuer),
    ] {
        let why = match demand.as_deref() {
            Some("") => "must not be empty; leave it out where any will do",
            Some(_) if !settings.has_key() => {
                "needs a key to verify tokens with: --jwt-secret, --jwt-public-key or --jwks"
            }
            _ => continue,
        };
        return Err(InvalidSetting::new(setting, why));
    }
    Ok(())
}

fn public_key(path: &Path) -> Result<Key, InvalidSetting> {
    let key = key_file::read(path).and_then(|pem| Key::pem(&pem));
    key.map_err(|why| key_file::invalid("--jwt-public-key", path, &why))
}

/// The token's header. What it calls critical is not understood here, so that RFC 7515, section 4.1.11, has it refused.
fn header(token: &str) -> Result<Header, Unauthorized> {
    let header = decode_header(token).map_err(|_| unreadable())?;
    if header.crit.is_some() {
        let message = "the token demands extensions that are not known here";
        return Err(Unauthorized::invalid(message));
    }
    Ok(header)
}

fn claims(message: &str) -> Result<Claims, Unauthorized> {
    let (_, payload) = message.split_once('.').ok_or_else(unreadable)?;
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| unreadable())?;
    serde_json::from_slice(&json)
        .map(Claims)
        .map_err(|_| unreadable())
}

fn unreadable() -> Unauthorized {
    Unauthorized::invalid(
        "the token cannot be read; a JWT that is signed with HS256, RS256, ES256 or EdDSA is needed",
    )
}
