//! `longshore token`, and `longshore run` with what it prints.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tests::process::run_to_end;
use tests::server::{Server, Setup};
use tests::services::program;
use tests::tokens::{SECRET, key_file};

use super::{client, setup, token};

over_every_server! { with_pem() =>
    a_printed_token_is_taken: ["identity.token", "identity.alg.secret", "identity.alg.public-key"],
    a_run_without_a_token_says_so,
}

fn with_pem() -> Setup {
    let file = key_file("ed25519.public").display().to_string();
    setup().with("LONGSHORE_JWT_PUBLIC_KEY", &file)
}

async fn longshore(args: &[&str], environment: &[(&str, &str)]) -> Output {
    run_to_end(&program("longshore"), args, environment, Path::new("/")).await
}

/// The token that `longshore token` prints.
async fn printed(args: &[&str], environment: &[(&str, &str)]) -> String {
    let output = longshore(&[&["token"], args].concat(), environment).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1);
    text.trim().to_owned()
}

/// A part of a token, read without its key.
fn part(token: &str, index: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(index).unwrap();
    let json = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

async fn a_printed_token_is_taken(server: Server) -> Server {
    let file = key_file("ed25519.private").display().to_string();
    let demands = [
        "--subject",
        "alice",
        "--audience",
        "longshore",
        "--issuer",
        "tests",
    ];
    let by_file = printed(&[&["--private-key", &file][..], &demands].concat(), &[]).await;
    let environment = [
        ("LONGSHORE_JWT_SECRET", SECRET),
        ("LONGSHORE_JWT_AUDIENCE", "longshore"),
        ("LONGSHORE_JWT_ISSUER", "tests"),
    ];
    let by_secret = printed(&["--subject", "alice"], &environment).await;
    for token in [by_file, by_secret] {
        let url = server.client().url();
        let given = [
            (
                vec!["run", "--url", url, "--token", &token, "[[text fine]]"],
                vec![],
            ),
            (
                vec!["run", "--url", url, "[[text fine]]"],
                vec![("LONGSHORE_TOKEN", &*token)],
            ),
        ];
        for (args, environment) in given {
            let output = longshore(&args, &environment).await;
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
    }
    // Only for a workspace, and only to read.
    let args = ["--subject", "bob", "-w", "other", "--scope", "read"];
    let limited = printed(&args, &environment).await;
    let url = server.client().url();
    let output = longshore(&["run", "--url", url, "--token", &limited, "x"], &[]).await;
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("FORBIDDEN"),
        "{output:?}"
    );
    server
}

async fn a_run_without_a_token_says_so(server: Server) -> Server {
    let url = server.client().url();
    let output = longshore(&["run", "--url", url, "x"], &[]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("a token is needed") && output.status.code() == Some(1),
        "{said}"
    );
    let output = longshore(&["run", "--url", url, "--token", "hunter2\n7", "x"], &[]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("--token") && !said.contains("hunter2"),
        "{said}"
    );
    // The server is as it was.
    client(&server, &token("alice")).run("[[text fine]]").await;
    server
}

#[tokio::test]
async fn a_token_says_what_was_asked_for() {
    let environment = [("LONGSHORE_JWT_SECRET", SECRET)];
    let plain = printed(&["--subject", "alice"], &environment).await;
    assert_eq!(part(&plain, 0), json!({ "typ": "JWT", "alg": "HS256" }));
    let claims = part(&plain, 1);
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        3600
    );
    assert_eq!(
        (&claims["sub"], &claims["workspaces"], &claims["scope"]),
        (&json!("alice"), &json!(["*"]), &json!("execute read"))
    );
    assert!(claims.get("aud").is_none() && claims.get("iss").is_none());

    for (key, algorithm) in [("rsa", "RS256"), ("p256", "ES256"), ("ed25519", "EdDSA")] {
        let file = key_file(&format!("{key}.private")).display().to_string();
        let args = [
            "--private-key",
            &file,
            "--key-id",
            "k1",
            "--subject",
            "bob",
            "--workspace",
            "a",
            "--workspace",
            "b",
            "--scope",
            "read",
            "--expires-in",
            "2d",
            "--audience",
            "here",
            "--issuer",
            "us",
        ];
        // The secret that is around is not what was asked for.
        let token = printed(&args, &environment).await;
        assert_eq!(
            part(&token, 0),
            json!({ "typ": "JWT", "alg": algorithm, "kid": "k1" })
        );
        let claims = part(&token, 1);
        assert_eq!(
            claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
            172_800
        );
        assert_eq!(
            (
                &claims["workspaces"],
                &claims["scope"],
                &claims["aud"],
                &claims["iss"]
            ),
            (
                &json!(["a", "b"]),
                &json!("read"),
                &json!("here"),
                &json!("us")
            )
        );
    }
    tests::proved!(Programs, a_token_says_what_was_asked_for: "identity.token");
}

#[tokio::test]
async fn a_token_that_cannot_be_made_says_why() {
    let public = key_file("rsa.public").display().to_string();
    for (args, says) in [
        (&["--subject", "a"][..], "a key to sign with is needed"),
        (
            &["--subject", "a", "--secret", "hunter2"],
            "--secret: has 7 bytes",
        ),
        (
            &["--subject", "a", "--private-key", "/nosuch"],
            "--private-key /nosuch: the file cannot be read",
        ),
        (
            &["--subject", "a", "--private-key", "/dev/null"],
            "no private key in PEM",
        ),
        (&["--subject", "a", "--private-key", &public], "cannot sign"),
        (&["--subject", "", "--secret", SECRET], "--subject"),
        (&["--secret", SECRET], "--subject"),
        (&["--subject", "a", "--workspace", "a/b"], "--workspace"),
        (
            &["--subject", "a", "--scope", "write"],
            r#""write" is none of"#,
        ),
        (&["--subject", "a", "--expires-in", "60"], "--expires-in"),
    ] {
        let output = longshore(&[&["token"], args].concat(), &[]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(
            said.contains(says) && said.lines().count() == 1,
            "{args:?}: {said}"
        );
        assert!(
            !said.contains("hunter2") && output.stdout.is_empty(),
            "{args:?}: {said}"
        );
    }
}
