//! TLS for all clients of a process: one implementation of its cryptography, ring's, and what the engines are known by.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::InvalidSetting;

/// Chooses the implementation. Some clients cannot be made before that. Again, or where another was chosen already, it
/// changes nothing.
pub fn choose() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// How this program and the engines know each other, where an address says `amqps` or `rediss`.
#[derive(Debug, Clone, Default, Args)]
pub struct TlsSettings {
    /// PEM file with the authorities that vouch for RabbitMQ and Redis; without it those that the system trusts
    #[arg(long, env = "LONGSHORE_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,

    /// PEM file with the certificate that this program shows to RabbitMQ and Redis
    #[arg(
        long,
        env = "LONGSHORE_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with that certificate's key, as PKCS#8
    #[arg(
        long,
        env = "LONGSHORE_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
}

/// The same, read.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    pub(crate) authorities: Option<Vec<u8>>,
    pub(crate) own: Option<Own>,
}

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

impl TlsSettings {
    /// # Errors
    /// When a file cannot be read, or holds nothing of the kind.
    pub(crate) fn read(&self) -> Result<Tls, InvalidSetting> {
        let authorities = pem("--tls-ca", self.tls_ca.as_deref(), "CERTIFICATE")?;
        let certificate = pem("--tls-cert", self.tls_cert.as_deref(), "CERTIFICATE")?;
        let key = pem("--tls-key", self.tls_key.as_deref(), "PRIVATE KEY")?;
        Ok(Tls {
            authorities,
            own: certificate
                .zip(key)
                .map(|(certificate, key)| Own { certificate, key }),
        })
    }
}

/// A PEM file that holds at least one block of that kind.
fn pem(setting: &str, file: Option<&Path>, kind: &str) -> Result<Option<Vec<u8>>, InvalidSetting> {
    let Some(file) = file else { return Ok(None) };
    let wrong =
        |reason: String| InvalidSetting::new(setting, format_args!("{}: {reason}", file.display()));
    let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let begin = format!("-----BEGIN {kind}-----");
    if memchr::memmem::find(&text, begin.as_bytes()).is_none() {
        return Err(wrong(format!("no line {begin:?} is in it")));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_none_is_refused_by_its_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path();
        for (settings, named) in [
            (
                TlsSettings {
                    tls_ca: Some(path.to_owned()),
                    ..Default::default()
                },
                "--tls-ca",
            ),
            (
                TlsSettings {
                    tls_cert: Some(path.join("missing")),
                    ..Default::default()
                },
                "--tls-cert",
            ),
        ] {
            let error = settings.read().err().unwrap().to_string();
            let begin = format!("{named}: {}", path.display());
            assert!(error.starts_with(&begin), "{error}");
        }
        assert!(TlsSettings::default().read().unwrap().own.is_none());
    }
}
