//! A server that knows its callers by tokens.

use serde_json::json;
use tests::browser::play;
use tests::server::{Server, Setup};
use tests::tokens::{SECRET, Token};

use super::on;

over_every_server! { Setup::default().with("LONGSHORE_JWT_SECRET", SECRET) =>
    signs_in: ["console.signs-in", "console.accessible"],
}

async fn signs_in(server: Server) -> Server {
    let alice = Token::of("alice").with("workspaces", json!(["demo"]));
    play(
        "signs_in",
        server.client().url(),
        on(&server),
        async |word| match word {
            "token" => alice.signed(),
            "short-token" => alice.clone().ends_in(5).signed(),
            "other-token" => alice.clone().with("workspaces", json!(["other"])).signed(),
            _ => panic!("what is {word}?"),
        },
    )
    .await;
    server
}
