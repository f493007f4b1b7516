//! Who calls, and what they may do and see.

use futures_util::SinkExt as _;
use reqwest::StatusCode;
use serde_json::json;
use tests::client::{Answer, Client, Socket, next_frame};
use tests::server::Setup;
use tests::tokens::{SECRET, Token};
use tokio_tungstenite::tungstenite::Message;

mod anonymous;
mod command;
mod cors;
mod expiry;
mod first_frame;
mod key_files;
mod limits;
mod requests;
mod sockets;
mod starting;
mod workspaces;

const EXECUTE: &str = "/api/v1/claude/execute";

/// Servers that know callers by tokens for them.
fn setup() -> Setup {
    Setup::default()
        .with("LONGSHORE_DRAIN", "1s")
        .with("LONGSHORE_JWT_SECRET", SECRET)
        .with("LONGSHORE_JWT_AUDIENCE", "longshore")
        .with("LONGSHORE_JWT_ISSUER", "tests")
}

/// A token that such servers take.
fn token(subject: &str) -> Token {
    Token::of(subject)
        .with("aud", json!("longshore"))
        .with("iss", json!("tests"))
}

/// Tokens that such servers do not take, with what is said of each.
fn bad_tokens() -> Vec<(String, &'static str)> {
    let expired = token("eve").ends_in(0);
    vec![
        ("nonsense".to_owned(), "cannot be read"),
        (token("eve").signed() + "x", "signature is wrong"),
        (
            token("eve").by_secret("another secret that is long enough"),
            "signature is wrong",
        ),
        (token("eve").by_key("rsa", None), "no key for"),
        (expired.signed(), "has expired"),
        (
            token("eve").with("nbf", json!(4e9)).signed(),
            "not valid yet",
        ),
        (
            token("eve").with("aud", json!("others")).signed(),
            r#""aud" does not name"#,
        ),
        (
            token("eve").with("aud", json!(null)).signed(),
            r#""aud" does not name"#,
        ),
        (
            token("eve").with("iss", json!("others")).signed(),
            r#""iss" does not name"#,
        ),
        (token("").signed(), r#""sub" is needed"#),
        (
            token("eve").with("exp", json!(null)).signed(),
            r#""exp" is needed"#,
        ),
        (
            token("eve").with("scope", json!(7)).signed(),
            r#""scope" must be"#,
        ),
        (
            token("eve").with("workspaces", json!("*")).signed(),
            r#""workspaces" must be"#,
        ),
    ]
}

/// Checks a 401, and that it shows nothing of the token.
fn unauthorized(answer: &Answer, token: &str, says: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        "{says}: {}",
        answer.body
    );
    assert_eq!(
        answer.headers["www-authenticate"],
        r#"Bearer error="invalid_token""#
    );
    let message = answer.body["message"].as_str().unwrap();
    assert!(
        message.contains(says) && !message.contains(token),
        "{message}"
    );
}

/// A client of the server's first API with a token.
fn client(server: &tests::server::Server, token: &Token) -> Client {
    server.client().with_token(&token.signed())
}

/// An execution that goes on until it is cancelled.
async fn hanging(client: &Client) -> String {
    client.submit("[[text started]][[hang]]").await.0
}

/// The socket still answers, whatever else it shows.
async fn answers(socket: &mut Socket) {
    let ping = Message::text(r#"{"type":"ping"}"#);
    socket.send(ping).await.unwrap();
    while next_frame(socket).await.unwrap()["type"] != "pong" {}
}

/// Reads an `error` frame with that code and the close that follows at once.
async fn refused(socket: &mut Socket, code: &str, close: u16) {
    let frame = next_frame(socket).await.unwrap();
    assert_eq!(
        (&frame["type"], &frame["data"]["code"]),
        (&json!("error"), &json!(code))
    );
    assert_eq!(next_frame(socket).await, Err(close), "{code}");
}
