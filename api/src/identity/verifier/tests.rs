//! Tokens that are accepted, and the many ways to forge one that are not.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, encode};
use serde_json::{Value, json};

use super::*;

mod keys;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A file of the test keys.
fn file(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/keys");
    std::fs::read_to_string(format!("{folder}/{name}.pem")).unwrap()
}

fn verifier(keys: Vec<Key>) -> Verifier {
    Verifier {
        fixed: keys.into(),
        set: None,
        expected: Arc::default(),
    }
}

fn payload() -> Value {
    json!({ "sub": "alice", "exp": jsonwebtoken::get_current_timestamp() + 60 })
}

/// A private key by the name of its file, with its algorithm.
fn private(name: &str) -> (Algorithm, EncodingKey) {
    let pem = file(&format!("{name}.private"));
    let pem = pem.as_bytes();
    match name {
        "p256" => (Algorithm::ES256, EncodingKey::from_ec_pem(pem).unwrap()),
        "ed25519" => (Algorithm::EdDSA, EncodingKey::from_ed_pem(pem).unwrap()),
        _ => (Algorithm::RS256, EncodingKey::from_rsa_pem(pem).unwrap()),
    }
}

fn signed(name: &str, kid: Option<&str>) -> String {
    let (algorithm, key) = private(name);
    sign(algorithm, &key, kid)
}

fn sign(algorithm: Algorithm, key: &EncodingKey, kid: Option<&str>) -> String {
    let header = Header {
        kid: kid.map(str::to_owned),
        ..Header::new(algorithm)
    };
    encode(&header, &payload(), key).unwrap()
}

fn with_secret(secret: &str, algorithm: Algorithm) -> String {
    sign(
        algorithm,
        &EncodingKey::from_secret(secret.as_bytes()),
        None,
    )
}

/// A token with that header and signature, as an attacker would write it.
fn forged(header: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(&payload()))
}

fn accepts(verifier: &Verifier, token: String) -> bool {
    verifier.verify(&Token::new(token)).is_ok()
}

fn refused(verifier: &Verifier, token: String, says: &str) {
    let refusal = verifier.verify(&Token::new(token.clone())).unwrap_err();
    assert!(
        refusal.message.contains(says),
        "{token}: {}",
        refusal.message
    );
}

#[test]
fn a_key_of_each_kind_accepts_its_own_tokens_only() {
    for name in ["rsa", "p256", "ed25519"] {
        let own = verifier(vec![Key::pem(&file(&format!("{name}.public"))).unwrap()]);
        assert!(accepts(&own, signed(name, None)), "{name}");
        // Whoever signs may name the key as they like.
        assert!(accepts(&own, signed(name, Some("2026"))), "{name}");
        for other in ["rsa", "p256", "ed25519", "rsa-other"] {
            let accepted = accepts(&own, signed(other, None));
            assert_eq!(accepted, name == other, "{name}: {other}");
        }
        assert!(!accepts(&own, with_secret(SECRET, Algorithm::HS256)));
    }
    let pkcs1 = verifier(vec![Key::pem(&file("rsa-pkcs1.public")).unwrap()]);
    assert!(accepts(&pkcs1, signed("rsa", None)));
}

#[test]
fn a_secret_accepts_its_own_tokens_only() {
    let verifier = verifier(vec![Key::secret(SECRET.as_bytes()).unwrap()]);
    assert!(accepts(&verifier, with_secret(SECRET, Algorithm::HS256)));
    let other = with_secret(&SECRET.replace('0', "1"), Algorithm::HS256);
    refused(&verifier, other, "signature is wrong");
    for longer in [Algorithm::HS384, Algorithm::HS512] {
        refused(
            &verifier,
            with_secret(SECRET, longer),
            "no key for the token's algorithm",
        );
    }
}

#[test]
fn several_keys_are_tried() {
    let keys = vec![
        Key::secret(SECRET.as_bytes()).unwrap(),
        Key::pem(&file("rsa.public")).unwrap(),
        Key::pem(&file("p256.public")).unwrap(),
    ];
    let verifier = verifier(keys);
    for token in [
        with_secret(SECRET, Algorithm::HS256),
        signed("rsa", None),
        signed("p256", Some("x")),
    ] {
        assert!(accepts(&verifier, token));
    }
    refused(
        &verifier,
        signed("ed25519", None),
        "no key for the token's algorithm",
    );
}

#[test]
fn the_key_fixes_the_algorithm() {
    let pem = file("rsa.public");
    let verifier = verifier(vec![Key::pem(&pem).unwrap()]);
    // The classic confusion: the public key, which everybody knows, taken for a secret.
    for secret in [&*pem, pem.trim(), &pem.replace('\n', "")] {
        assert!(!accepts(&verifier, with_secret(secret, Algorithm::HS256)));
    }
    let (_, rsa) = private("rsa");
    for other in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let token = sign(other, &rsa, None);
        refused(&verifier, token, "no key for the token's algorithm");
    }
    let genuine = signed("rsa", None);
    let signature = genuine.rsplit_once('.').unwrap().1;
    for name in ["none", "None", "NONE", "", "RS256 ", "rs256"] {
        for signature in ["", signature] {
            refused(
                &verifier,
                forged(&json!({ "alg": name }), signature),
                "cannot be read",
            );
        }
    }
    for header in [
        json!({}),
        json!({ "alg": null }),
        json!({ "alg": ["RS256"] }),
        json!([]),
    ] {
        refused(&verifier, forged(&header, ""), "cannot be read");
    }
}

/// A header may carry a key or an address of one; nobody may choose the key that they are verified with.
#[test]
fn a_key_inside_the_token_is_not_trusted() {
    let verifier = verifier(vec![Key::pem(&file("rsa.public")).unwrap()]);
    let (algorithm, key) = private("rsa-other");
    let own = Jwk::from_encoding_key(&key, algorithm).unwrap();
    let header = Header {
        jwk: Some(own),
        jku: Some("https://evil.example/keys".to_owned()),
        ..Header::new(algorithm)
    };
    let token = encode(&header, &payload(), &key).unwrap();
    refused(&verifier, token, "signature is wrong");
}

#[test]
fn a_changed_token_is_refused() {
    let verifier = verifier(vec![Key::pem(&file("p256.public")).unwrap()]);
    let token = signed("p256", None);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let header = message.split_once('.').unwrap().0;
    let more = json!({ "sub": "root", "exp": 4_000_000_000_u64, "workspaces": ["*"] });
    let changed = format!(
        "{header}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(more.to_string())
    );
    refused(&verifier, changed, "signature is wrong");
    for signature in ["", "AAAA", "!", &signature[1..], &format!("{signature}=")] {
        refused(
            &verifier,
            format!("{message}.{signature}"),
            "signature is wrong",
        );
    }
    for none in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", message, "äöü"] {
        refused(&verifier, none.to_owned(), "cannot be read");
    }
    refused(&verifier, format!("{token}.{signature}"), "cannot be read");
    refused(&verifier, "x".repeat((8 << 10) + 1), "longer than 8 KiB");
}

#[test]
fn what_a_token_calls_critical_must_be_known() {
    let (algorithm, key) = private("p256");
    let header = Header {
        crit: Some(vec!["b64".to_owned()]),
        ..Header::new(algorithm)
    };
    let token = encode(&header, &payload(), &key).unwrap();
    let verifier = verifier(vec![Key::pem(&file("p256.public")).unwrap()]);
    refused(&verifier, token, "extensions");
}

#[test]
fn claims_that_are_no_object_are_refused() {
    let verifier = verifier(vec![Key::secret(SECRET.as_bytes()).unwrap()]);
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for claims in [json!([]), json!("x"), json!(null)] {
        let token = encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        refused(&verifier, token, "cannot be read");
    }
}
