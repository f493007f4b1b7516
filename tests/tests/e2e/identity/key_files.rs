//! Public keys in files: PEM of each kind, and a key set that is changed while the server runs.

use std::future::Future;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::client::Client;
use tests::process::PATIENCE;
use tests::server::{Server, Setup};
use tests::tokens::{SECRET, Token, key_file};
use tokio::time::timeout;

/// Runs a test on both kinds of server.
async fn on_both<F: Future<Output = Server>>(setup: Setup, test: impl Fn(Server) -> F) {
    Server::embedded(setup.clone(), &test).await;
    Server::cluster(
        Setup {
            workers: 0,
            ..setup
        },
        &test,
    )
    .await;
}

/// Whether a token is taken: what it asks for does not exist.
async fn taken(client: &Client, token: &str) -> bool {
    let id = uuid::Uuid::now_v7();
    let answer = client
        .with_token(token)
        .get(&format!("/api/v1/claude/executions/{id}"))
        .await;
    assert!([StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED].contains(&answer.status));
    answer.status == StatusCode::NOT_FOUND
}

/// Waits until a token is taken by all APIs, or by none any more.
async fn until_taken(server: &Server, token: &str, wanted: bool) {
    for client in &server.clients {
        let changed = async {
            while taken(client, token).await != wanted {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, changed)
            .await
            .expect("the key set is read again");
    }
}

#[tokio::test]
async fn a_pem_file_of_each_kind_is_taken() {
    for kind in ["rsa", "p256", "ed25519"] {
        let file = key_file(&format!("{kind}.public")).display().to_string();
        let setup = Setup::default()
            .with("LONGSHORE_JWT_PUBLIC_KEY", &file)
            .with("LONGSHORE_JWT_SECRET", SECRET);
        on_both(setup, |server| async move {
            let token = Token::of("alice");
            for other in ["rsa", "p256", "ed25519", "rsa-other"] {
                let accepted = taken(server.other(), &token.by_key(other, None)).await;
                assert_eq!(accepted, kind == other, "{kind}: {other}");
            }
            // A second source beside it.
            assert!(taken(server.client(), &token.signed()).await);
            let pem = std::fs::read_to_string(key_file(&format!("{kind}.public"))).unwrap();
            assert!(!taken(server.client(), &token.by_secret(&pem)).await);
            server
        })
        .await;
    }
    tests::proved!(Cluster, a_pem_file_of_each_kind_is_taken: "identity.alg.public-key", "identity.alg.fixed", "identity.alg.secret");
}

/// A key set with the secrets of those names.
fn set(names: &[&str]) -> String {
    use base64::Engine as _;
    let encode = |text: String| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    let key = |name: &&str| json!({ "kty": "oct", "kid": name, "k": encode(secret(name)) });
    let keys: Vec<Value> = names.iter().map(key).collect();
    json!({ "keys": keys }).to_string()
}

/// Replaces a file as one, so that no half of it is ever read.
fn put(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, file).unwrap();
}

fn secret(name: &str) -> String {
    name.repeat(32)
}

fn by(name: &str) -> String {
    Token::of("alice").by_secret(&secret(name))
}

fn with_set(file: &Path) -> Setup {
    Setup::default().with("LONGSHORE_JWKS", &file.display().to_string())
}

#[tokio::test]
async fn keys_are_rotated_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("keys.json");
    put(file, &set(&["a"]));
    on_both(with_set(file), |server| async move {
        put(file, &set(&["a"]));
        until_taken(&server, &by("a"), true).await;
        assert!(!taken(server.client(), &by("b")).await);
        // The new key comes, then the old one goes.
        put(file, &set(&["a", "b"]));
        until_taken(&server, &by("b"), true).await;
        assert!(taken(server.client(), &by("a")).await);
        put(file, &set(&["b"]));
        until_taken(&server, &by("a"), false).await;
        assert!(taken(server.client(), &by("b")).await);
        server
    })
    .await;
    tests::proved!(Cluster, keys_are_rotated_while_the_server_runs: "identity.alg.jwks");
}

#[tokio::test]
async fn a_key_set_may_be_swapped_by_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let file = &mounted(folder.path());
    on_both(with_set(file), |server| async move {
        swap(file, "a");
        until_taken(&server, &by("a"), true).await;
        swap(file, "b");
        until_taken(&server, &by("b"), true).await;
        until_taken(&server, &by("a"), false).await;
        server
    })
    .await;
}

/// A file as Kubernetes mounts it: `keys.json` → `..data/keys.json`, and `..data` → a folder that is replaced as one.
fn mounted(folder: &Path) -> PathBuf {
    for name in ["a", "b"] {
        std::fs::create_dir(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("keys.json"), set(&[name])).unwrap();
    }
    let file = folder.join("keys.json");
    std::os::unix::fs::symlink("..data/keys.json", &file).unwrap();
    swap(&file, "a");
    file
}

fn swap(file: &Path, to: &str) {
    let folder = file.parent().unwrap();
    let new = folder.join("..new");
    std::os::unix::fs::symlink(to, &new).unwrap();
    std::fs::rename(new, folder.join("..data")).unwrap();
}

#[tokio::test]
async fn a_broken_key_set_leaves_the_keys_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("keys.json");
    put(file, &set(&["a"]));
    on_both(with_set(file), |server| async move {
        put(file, r#"{"keys":"#);
        for api in &server.apis {
            api.word_after("the key set cannot be used").await;
        }
        assert!(taken(server.client(), &by("a")).await);
        std::fs::remove_file(file).unwrap();
        for api in &server.apis {
            api.word_after(r#""error":"cannot be read"#).await;
        }
        assert!(taken(server.client(), &by("a")).await);
        put(file, &set(&["b"]));
        until_taken(&server, &by("b"), true).await;
        until_taken(&server, &by("a"), false).await;
        for api in &server.apis {
            let warned = api.output().matches("the key set cannot be used").count();
            assert_eq!(warned, 2, "once for each reason: {}", api.output());
        }
        put(file, &set(&["a"]));
        server
    })
    .await;
    tests::proved!(Cluster, a_broken_key_set_leaves_the_keys_as_they_are: "identity.alg.jwks");
}
