//! Settings that say by which keys callers are known.

use std::path::PathBuf;

use clap::Args;

use super::secret::Secret;

/// The shortest secret of HS256: as long as its hash, as RFC 7518, section 3.2, demands.
pub const MIN_SECRET: usize = 32;

/// The keys that sign tokens, and what tokens must say. Several keys may be set at once; without any, callers are not
/// identified.
#[derive(Debug, Clone, Default, Args)]
pub struct IdentitySettings {
    /// Secret of tokens signed with HS256: 32 bytes or more
    #[arg(
        long,
        env = "LONGSHORE_JWT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub jwt_secret: Option<Secret>,

    /// PEM file with the public key of tokens: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)
    #[arg(long, env = "LONGSHORE_JWT_PUBLIC_KEY", value_name = "FILE")]
    pub jwt_public_key: Option<PathBuf>,

    /// File with a JSON Web Key Set of tokens; read again when it changes
    #[arg(long, env = "LONGSHORE_JWKS", value_name = "FILE")]
    pub jwks: Option<PathBuf>,

    /// What a token's `aud` must be, or hold
    #[arg(long, env = "LONGSHORE_JWT_AUDIENCE", value_name = "AUDIENCE")]
    pub jwt_audience: Option<String>,

    /// What a token's `iss` must be
    #[arg(long, env = "LONGSHORE_JWT_ISSUER", value_name = "ISSUER")]
    pub jwt_issuer: Option<String>,
}

impl IdentitySettings {
    /// Whether there is a key, so that callers are identified.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.jwt_secret.is_some() || self.jwt_public_key.is_some() || self.jwks.is_some()
    }
}

/// # Errors
/// When the secret is shorter than [`MIN_SECRET`]; the message does not show it.
pub fn long_enough(secret: &[u8]) -> Result<(), String> {
    if secret.len() >= MIN_SECRET {
        return Ok(());
    }
    Err(format!(
        "has {} bytes, and HS256 needs {MIN_SECRET} or more; `openssl rand -hex 32` makes a good one",
        secret.len()
    ))
}
