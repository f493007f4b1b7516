//! Tokens as callers have them, good and bad.

use std::path::PathBuf;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

/// A secret that servers under test are given.
pub const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// How far apart a server lets clocks be, in seconds.
const LEEWAY: u64 = 30;

/// What a token claims; sign it to have it.
#[derive(Debug, Clone)]
pub struct Token {
    claims: Value,
}

impl Token {
    /// A token for all workspaces, for an hour.
    #[must_use]
    pub fn of(subject: &str) -> Self {
        let exp = get_current_timestamp() + 3600;
        Self {
            claims: json!({ "sub": subject, "exp": exp, "workspaces": ["*"] }),
        }
    }

    /// With another claim; `null` takes it away.
    ///
    /// # Panics
    /// Never: claims are an object.
    #[must_use]
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        let claims = self.claims.as_object_mut().expect("an object");
        claims.remove(claim);
        if !value.is_null() {
            claims.insert(claim.to_owned(), value);
        }
        self
    }

    /// A token that is still taken for so many seconds, and one less perhaps.
    #[must_use]
    pub fn ends_in(self, seconds: u64) -> Self {
        let exp = get_current_timestamp() - LEEWAY + seconds;
        self.with("exp", json!(exp))
    }

    /// Signed with [`SECRET`].
    #[must_use]
    pub fn signed(&self) -> String {
        self.by_secret(SECRET)
    }

    /// Signed with a secret.
    ///
    /// # Panics
    /// When it cannot be signed.
    #[must_use]
    pub fn by_secret(&self, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(Algorithm::HS256), &self.claims, &key).expect("a token")
    }

    /// Signed with one of the private test keys: `rsa`, `rsa-other`, `p256` or `ed25519`.
    ///
    /// # Panics
    /// When there is no such key.
    #[must_use]
    pub fn by_key(&self, name: &str, id: Option<&str>) -> String {
        let pem = std::fs::read(key_file(&format!("{name}.private"))).expect("a test key");
        let (algorithm, key) = match name {
            "p256" => (Algorithm::ES256, EncodingKey::from_ec_pem(&pem)),
            "ed25519" => (Algorithm::EdDSA, EncodingKey::from_ed_pem(&pem)),
            _ => (Algorithm::RS256, EncodingKey::from_rsa_pem(&pem)),
        };
        let header = Header {
            kid: id.map(str::to_owned),
            ..Header::new(algorithm)
        };
        encode(&header, &self.claims, &key.expect("a key")).expect("a token")
    }
}

/// The file of a test key, such as `rsa.public`.
#[must_use]
pub fn key_file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");
    PathBuf::from(folder).join(format!("{name}.pem"))
}
