//! `longshore token`: signs a token that the API takes.

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use longshore_api::config::identity::long_enough;
use longshore_shared::config::InvalidSetting;
use serde_json::{Value, json};

use crate::args::TokenArgs;

/// Prints the token, and nothing else.
///
/// # Errors
/// When there is no key, or it cannot be used.
pub fn token(args: &TokenArgs) -> Result<ExitCode, InvalidSetting> {
    let (algorithm, key) = key(args)?;
    let header = Header {
        kid: args.key_id.clone(),
        ..Header::new(algorithm)
    };
    let token = encode(&header, &claims(args), &key).map_err(|_| {
        InvalidSetting::new(
            key_setting(args),
            "cannot sign: is it a whole private key of RSA, P-256 or Ed25519?",
        )
    })?;
    println!("{token}");
    Ok(ExitCode::SUCCESS)
}

fn claims(args: &TokenArgs) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut claims = json!({
        "sub": args.subject,
        "iat": now.as_secs(),
        "exp": now.saturating_add(args.expires_in).as_secs(),
        "workspaces": args.workspaces,
        "scope": args.scope,
    });
    for (name, value) in [("aud", &args.audience), ("iss", &args.issuer)] {
        if let Some(value) = value {
            claims[name] = json!(value);
        }
    }
    claims
}

/// The private key where one is named, else the secret.
fn key(args: &TokenArgs) -> Result<(Algorithm, EncodingKey), InvalidSetting> {
    if let Some(file) = &args.private_key {
        return private_key(file).map_err(|why| InvalidSetting::new(key_setting(args), why));
    }
    let missing = || {
        InvalidSetting::new(
            "--secret",
            "a key to sign with is needed: --secret or --private-key",
        )
    };
    let secret = args.secret.as_ref().ok_or_else(missing)?;
    let secret = secret.expose().as_bytes();
    long_enough(secret).map_err(|why| InvalidSetting::new("--secret", why))?;
    Ok((Algorithm::HS256, EncodingKey::from_secret(secret)))
}

fn key_setting(args: &TokenArgs) -> String {
    match &args.private_key {
        Some(file) => format!("--private-key {}", file.display()),
        None => "--secret".to_owned(),
    }
}

fn private_key(file: &Path) -> Result<(Algorithm, EncodingKey), String> {
    let pem = std::fs::read(file).map_err(|error| format!("the file cannot be read: {error}"))?;
    let rsa = EncodingKey::from_rsa_pem(&pem).map(|key| (Algorithm::RS256, key));
    rsa.or_else(|_| EncodingKey::from_ec_pem(&pem).map(|key| (Algorithm::ES256, key)))
        .or_else(|_| EncodingKey::from_ed_pem(&pem).map(|key| (Algorithm::EdDSA, key)))
        .map_err(|_| {
            "the file holds no private key in PEM (PKCS #8) of RSA, P-256 or Ed25519, as `openssl genpkey` makes it".to_owned()
        })
}
