//! One key that tokens may be signed with. It fixes the algorithm: what a token says of its own never chooses it.

use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations,
    PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey, Header, crypto};

use crate::config::identity::long_enough;

/// Sizes of an RSA key in bytes: RFC 7518, section 3.3, demands 2048 bits, and the library reads 4096 at most.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// What an Ed25519 public key has in bytes; the library would read a prefix of a longer one.
const ED25519_BYTES: usize = 32;

/// Keys as PEM files hold them; anything else, such as a private key, is no public key.
const PEM_LABELS: [&str; 2] = [
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN RSA PUBLIC KEY-----",
];

/// A key with the one algorithm that it is for.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Its name in a key set.
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Key {
    /// A secret, for HS256.
    ///
    /// # Errors
    /// When it is too short.
    pub(super) fn secret(secret: &[u8]) -> Result<Self, String> {
        long_enough(secret)?;
        Ok(Self {
            id: None,
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret),
        })
    }

    /// A public key in PEM.
    ///
    /// # Errors
    /// When it is none, or none that a token can be signed for here.
    pub(super) fn pem(pem: &str) -> Result<Self, String> {
        if pem.contains("PRIVATE KEY-----") {
            return Err("holds a private key; only its public key belongs here, as `openssl pkey -pubout` prints it".to_owned());
        }
        let wanted = || {
            "holds no public key in PEM of RSA, P-256 or Ed25519, as `openssl pkey -pubout` prints it".to_owned()
        };
        if !PEM_LABELS.iter().any(|label| pem.contains(label)) {
            return Err(wanted());
        }
        let pem = pem.as_bytes();
        let key = DecodingKey::from_rsa_pem(pem)
            .or_else(|_| DecodingKey::from_ec_pem(pem))
            .or_else(|_| DecodingKey::from_ed_pem(pem))
            .map_err(|_| wanted())?;
        let jwk = Jwk::from_decoding_key(&key, None).map_err(|_| wanted())?;
        Self::jwk(&jwk)
    }

    /// A key of a set.
    ///
    /// # Errors
    /// When it is for something else than the signatures that are taken here, or broken.
    pub(super) fn jwk(jwk: &Jwk) -> Result<Self, String> {
        let algorithm = algorithm(&jwk.algorithm)?;
        is_for_signatures(&jwk.common, algorithm)?;
        let key = DecodingKey::from_jwk(jwk).map_err(|_| "cannot be read")?;
        check_size(jwk, &key)?;
        // An empty signature fits nothing; what is learned is whether the key can be used at all, so that a point
        // which is not on its curve is found now.
        crypto::verify("", b"", &key, algorithm)
            .map_err(|_| "is no valid key of P-256 or Ed25519")?;
        Ok(Self {
            id: jwk.common.key_id.clone(),
            algorithm,
            key,
        })
    }

    /// Whether a token with that header may have been signed with it. A key without a name fits every name: those who
    /// sign may name a key that is given here as a file.
    pub(super) fn fits(&self, header: &Header) -> bool {
        let named = match (&self.id, &header.kid) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        named && self.algorithm == header.alg
    }

    /// Whether it has signed `message`; `signature` is in base64url.
    pub(super) fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        crypto::verify(signature, message, &self.key, self.algorithm).unwrap_or(false)
    }
}

fn algorithm(parameters: &AlgorithmParameters) -> Result<Algorithm, String> {
    match parameters {
        AlgorithmParameters::RSA(_) => Ok(Algorithm::RS256),
        AlgorithmParameters::OctetKey(_) => Ok(Algorithm::HS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Ok(Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Ok(Algorithm::EdDSA)
        }
        AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_) => {
            Err("is of another curve than P-256 and Ed25519".to_owned())
        }
        _ => Err("is of a kind that is not known here".to_owned()),
    }
}

/// What a key says of its own use: RFC 7517, sections 4.2 to 4.4.
fn is_for_signatures(common: &CommonParameters, algorithm: Algorithm) -> Result<(), String> {
    let signs = common
        .public_key_use
        .as_ref()
        .is_none_or(|given| *given == PublicKeyUse::Signature);
    let verifies = common
        .key_operations
        .as_ref()
        .is_none_or(|given| given.contains(&KeyOperations::Verify));
    if !signs || !verifies {
        return Err("is not for verifying signatures".to_owned());
    }
    let same = common
        .key_algorithm
        .is_none_or(|given| given == KeyAlgorithm::from(algorithm));
    if same {
        Ok(())
    } else {
        Err(format!("is for another algorithm than {algorithm:?}"))
    }
}

fn check_size(jwk: &Jwk, key: &DecodingKey) -> Result<(), String> {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => check_modulus(key),
        AlgorithmParameters::OctetKey(_) => long_enough(bytes(key)),
        AlgorithmParameters::OctetKeyPair(_) if bytes(key).len() != ED25519_BYTES => {
            Err("is no Ed25519 key".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_modulus(key: &DecodingKey) -> Result<(), String> {
    use jsonwebtoken::DecodingKeyKind::RsaModulusExponent;
    let RsaModulusExponent { n, .. } = key.kind() else {
        return Err("cannot be read".to_owned());
    };
    let zeros = n.iter().take_while(|byte| **byte == 0).count();
    if RSA_BYTES.contains(&(n.len() - zeros)) {
        Ok(())
    } else {
        Err("is an RSA key of another size than 2048 to 4096 bits".to_owned())
    }
}

fn bytes(key: &DecodingKey) -> &[u8] {
    key.try_get_as_bytes().unwrap_or_default()
}
