//! The arguments of `longshore token`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longshore_api::config::secret::Secret;
use longshore_shared::config::duration;
use longshore_shared::id::WorkspaceId;

/// `longshore token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The API's secret, to sign with HS256
    #[arg(
        long,
        env = "LONGSHORE_JWT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub secret: Option<Secret>,

    /// PEM file with a private key to sign with instead: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)
    #[arg(long, value_name = "FILE")]
    pub private_key: Option<PathBuf>,

    /// The key's id in the API's key set
    #[arg(long, value_name = "ID")]
    pub key_id: Option<String>,

    /// Who it is for: limits are counted by it
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub subject: String,

    /// A workspace it is for, * for all; may be given several times
    #[arg(long = "workspace", short, value_name = "ID", default_value = "*", value_parser = workspace)]
    pub workspaces: Vec<String>,

    /// What it allows: words out of execute, read and admin
    #[arg(long, value_name = "WORDS", default_value = "execute read", value_parser = scope)]
    pub scope: String,

    /// How long it is valid
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub expires_in: Duration,

    /// The service it is for, where the API asks for one
    #[arg(long, env = "LONGSHORE_JWT_AUDIENCE", value_name = "AUDIENCE")]
    pub audience: Option<String>,

    /// Who issues it, where the API asks for that
    #[arg(long, env = "LONGSHORE_JWT_ISSUER", value_name = "ISSUER")]
    pub issuer: Option<String>,
}

fn workspace(text: &str) -> Result<String, String> {
    if text != "*" {
        let _: WorkspaceId = text
            .parse()
            .map_err(|error| format!("{error}; * stands for all"))?;
    }
    Ok(text.to_owned())
}

fn scope(text: &str) -> Result<String, String> {
    let mut words = text.split_whitespace();
    match words.find(|word| !["execute", "read", "admin"].contains(word)) {
        None => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Some(word) => Err(format!("{word:?} is none of execute, read and admin")),
    }
}
