//! Keys of a set and of PEM files: which are taken, and what is said of the others.

use jsonwebtoken::DecodingKey;

use super::*;
use crate::identity::key_set;

/// The public key of a file as one of a set, with more fields.
fn jwk(name: &str, more: Value) -> Value {
    let pem = file(&format!("{name}.public"));
    let pem = pem.as_bytes();
    let key = DecodingKey::from_rsa_pem(pem)
        .or_else(|_| DecodingKey::from_ec_pem(pem))
        .or_else(|_| DecodingKey::from_ed_pem(pem))
        .unwrap();
    let mut jwk = serde_json::to_value(Jwk::from_decoding_key(&key, None).unwrap()).unwrap();
    for (name, value) in more.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

fn set(keys: &[Value]) -> Result<Vec<Key>, String> {
    key_set::parse(&json!({ "keys": keys }).to_string())
}

#[test]
fn a_key_id_chooses_in_a_set() {
    let keys = [
        jwk("rsa", json!({ "kid": "a", "alg": "RS256", "use": "sig" })),
        jwk("p256", json!({ "kid": "b", "key_ops": ["verify"] })),
        jwk("ed25519", json!({ "kid": "c", "alg": "EdDSA" })),
    ];
    let verifier = verifier(set(&keys).unwrap());
    for (name, kid) in [("rsa", "a"), ("p256", "b"), ("ed25519", "c")] {
        assert!(accepts(&verifier, signed(name, Some(kid))), "{name}");
        assert!(accepts(&verifier, signed(name, None)), "{name}");
        refused(&verifier, signed(name, Some("d")), "no key for");
    }
    refused(&verifier, signed("rsa", Some("b")), "no key for");
    refused(
        &verifier,
        signed("rsa-other", Some("a")),
        "signature is wrong",
    );
}

#[test]
fn keys_of_a_set_for_something_else_are_ignored() {
    let good = jwk("p256", json!({}));
    for (name, more) in [
        ("rsa", json!({ "use": "enc" })),
        ("rsa", json!({ "key_ops": ["encrypt", "wrapKey"] })),
        ("rsa", json!({ "key_ops": [] })),
        ("rsa", json!({ "alg": "RSA-OAEP" })),
        ("rsa", json!({ "alg": "RS512" })),
        ("rsa", json!({ "alg": "HS256" })),
        ("rsa", json!({ "alg": "new" })),
        ("rsa", json!({ "kty": "AKP" })),
        ("rsa", json!({ "n": "AQAB" })),
        ("rsa", json!({ "n": "*" })),
        ("ed25519", json!({ "x": "AQAB" })),
        ("ed25519", json!({ "crv": "X25519" })),
        ("ed25519", json!({ "alg": "ES256" })),
        ("rsa-1024", json!({})),
        ("p384", json!({})),
    ] {
        let odd = jwk(name, more.clone());
        assert!(set(std::slice::from_ref(&odd)).is_err(), "{name}: {more}");
        assert_eq!(
            set(&[odd, good.clone()]).unwrap().len(),
            1,
            "{name}: {more}"
        );
    }
    for odd in [json!(null), json!({}), json!("x"), json!({ "kty": "oct" })] {
        assert_eq!(set(&[odd.clone(), good.clone()]).unwrap().len(), 1, "{odd}");
    }
}

#[test]
fn a_secret_of_a_set_is_for_hs256_only() {
    let secret = |text: &str, more: Value| {
        let mut key = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(text) });
        for (name, value) in more.as_object().unwrap() {
            key[name] = value.clone();
        }
        set(&[key])
    };
    let verifier = verifier(secret(SECRET, json!({ "kid": "s" })).unwrap());
    assert!(accepts(&verifier, with_secret(SECRET, Algorithm::HS256)));
    refused(
        &verifier,
        with_secret(SECRET, Algorithm::HS512),
        "no key for",
    );
    assert!(secret(SECRET, json!({ "alg": "HS256" })).is_ok());
    assert!(secret(SECRET, json!({ "alg": "HS512" })).is_err());
    assert!(secret(&SECRET[1..], json!({})).is_err());
}

#[test]
fn what_is_no_key_set_says_so() {
    for (text, says) in [
        ("", "holds no key set"),
        ("{}", "holds no key set"),
        ("[]", "holds no key set"),
        (r#"{"keys":{}}"#, "holds no key set"),
        (r#"{"keys":[]}"#, "no key that can be used: there is none"),
        (
            r#"{"keys":[7]}"#,
            "no key that can be used: the last one cannot be read",
        ),
    ] {
        let why = key_set::parse(text).unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
    let many = vec![jwk("p256", json!({})); 101];
    assert!(set(&many).unwrap_err().contains("more than 100"));
}

#[test]
fn a_pem_file_of_another_kind_says_what_is_wrong() {
    for (pem, says) in [
        (file("rsa-1024.public"), "another size than 2048"),
        (file("p384.public"), "another curve"),
        (file("secp256k1.public"), "no valid key of P-256"),
        (file("ed448.public"), "no public key in PEM"),
        (file("rsa.private"), "holds a private key"),
        (file("p256.private"), "holds a private key"),
        (
            file("rsa.public").replace("MIIB", "AAAA"),
            "no public key in PEM",
        ),
        (
            file("rsa.public").replace("PUBLIC KEY", "CERTIFICATE"),
            "no public key in PEM",
        ),
        (String::new(), "no public key in PEM"),
    ] {
        let why = Key::pem(&pem).unwrap_err();
        assert!(why.contains(says), "{why}");
    }
    assert!(
        Key::secret(&SECRET.as_bytes()[1..])
            .unwrap_err()
            .contains("has 31 bytes")
    );
}
