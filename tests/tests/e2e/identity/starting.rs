//! Where a server may listen, and what it says first.

use std::path::Path;

use tests::client::Client;
use tests::process::{Process, run_to_end};
use tests::services::{path, program};
use tests::tokens::{SECRET, key_file};

/// With a key any address may be served, and there is nothing to warn of.
#[tokio::test]
async fn with_a_key_any_address_is_served() {
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (name, args, mark) in [
        (
            "longshore",
            &["dev"][..],
            "Longshore listens on http://0.0.0.0:",
        ),
        ("longshore-api", &[], r#""listening","address":"0.0.0.0:"#),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().display();
        let environment = [
            variable("PATH", &path()),
            variable("LONGSHORE_BIND", "0.0.0.0:0"),
            variable("LONGSHORE_JWT_SECRET", SECRET),
            variable("LONGSHORE_WORKSPACES", &format!("{folder}/workspaces")),
            variable("LONGSHORE_STATE", &format!("{folder}/state")),
            variable("LONGSHORE_ADMIN_BIND", ""),
            variable("LONGSHORE_LOG_FORMAT", "json"),
        ];
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let server = Process::start(name, &program(name), &args, &environment);
        let port = server.word_after(mark).await;
        let client = Client::new(&format!("http://127.0.0.1:{port}"));
        assert_eq!(client.get("/healthz").await.status, 200);
        let output = server.output();
        assert!(!output.contains("callers are not identified"), "{output}");
        assert!(!output.contains(SECRET), "{output}");
        server.stop().await;
    }
    tests::proved!(Programs, with_a_key_any_address_is_served: "identity.loopback", "settings.secret");
}

/// Keys that are read from files and refused.
#[tokio::test]
async fn a_key_that_cannot_be_used_stops_the_start() {
    for (key, says) in [
        (
            "rsa.private",
            "holds a private key; only its public key belongs here",
        ),
        ("rsa-1024.public", "another size than 2048 to 4096 bits"),
        ("p384.public", "another curve than P-256"),
        ("secp256k1.public", "no valid key of P-256"),
        ("ed448.public", "no public key in PEM"),
    ] {
        let file = key_file(key).display().to_string();
        for (name, args) in [("longshore-api", &[][..]), ("longshore", &["dev"])] {
            let environment = [("LONGSHORE_JWT_PUBLIC_KEY", &*file)];
            let output = run_to_end(&program(name), args, &environment, Path::new("/")).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{key}: {said}");
            assert_eq!(said.lines().count(), 1, "{key}: {said}");
            assert!(
                said.contains("--jwt-public-key") && said.contains(says),
                "{key}: {said}"
            );
        }
    }
    tests::proved!(Programs, a_key_that_cannot_be_used_stops_the_start: "settings.wrong-value");
}
