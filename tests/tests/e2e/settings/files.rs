//! Secrets by file.

use std::path::Path;

use super::{refused, run};

fn file(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// It signs as the same secret does that is given as a variable.
#[tokio::test]
async fn a_secret_is_read_from_the_file_that_its_variable_names() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "hunter2 hunter2 hunter2 hunter2 hunter2";
    let by_file = file(folder.path(), "secret", &format!("{secret}\n"));
    let args = ["token", "--subject", "me", "--expires-in", "1000d"];
    for variable in [
        ("LONGSHORE_JWT_SECRET", secret),
        ("LONGSHORE_JWT_SECRET_FILE", by_file.as_str()),
    ] {
        let output = run("longshore", &args, &[variable]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let token = String::from_utf8_lossy(&output.stdout);
        let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
        let rules = jsonwebtoken::Validation::default();
        let claims = jsonwebtoken::decode::<serde_json::Value>(token.trim(), &key, &rules);
        assert_eq!(claims.expect("it is signed by it").claims["sub"], "me");
    }
}

#[tokio::test]
async fn a_file_that_holds_no_secret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = file(folder.path(), "url", "amqp://me:hunter2@127.0.0.1:1/%2f");
    let empty = file(folder.path(), "empty", "\n");
    let huge = file(folder.path(), "huge", &"x".repeat(70_000));
    let missing = folder.path().join("missing").display().to_string();
    let given = ("LONGSHORE_AMQP_URL_FILE", url.as_str());
    for (environment, why) in [
        (
            vec![("LONGSHORE_AMQP_URL_FILE", empty.as_str())],
            "is empty",
        ),
        (vec![("LONGSHORE_AMQP_URL_FILE", huge.as_str())], "too long"),
        (
            vec![("LONGSHORE_AMQP_URL_FILE", missing.as_str())],
            "No such file",
        ),
        (
            vec![given, ("LONGSHORE_AMQP_URL", "amqp://h")],
            "LONGSHORE_AMQP_URL is set too",
        ),
    ] {
        let output = run("longshore-api", &[], &environment).await;
        refused(
            &output,
            "LONGSHORE_AMQP_URL_FILE",
            why,
            &format!("{environment:?}"),
        );
    }
}

/// Another command of the same program does not need it, and a flag takes its place.
#[tokio::test]
async fn a_file_that_is_not_needed_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").display().to_string();
    let environment = [("LONGSHORE_JWT_SECRET_FILE", missing.as_str())];
    let token = ["token", "--subject", "me"];
    let given = ["--secret", "a secret of more than thirty-two bytes"];
    for args in [
        &["man"][..],
        &["token", "--help"],
        &[&token[..], &given].concat(),
    ] {
        let output = run("longshore", args, &environment).await;
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    }
    let output = run("longshore", &token, &environment).await;
    refused(
        &output,
        "LONGSHORE_JWT_SECRET_FILE",
        "No such file",
        "token",
    );
}
