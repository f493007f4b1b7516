//! Who is told.

use reqwest::StatusCode;
use serde_json::json;
use tests::server::{Server, Setup};
use tests::tokens::{SECRET, Token};

use super::{STATS, WORKERS};

over_every_server! { Setup::default().with("LONGSHORE_JWT_SECRET", SECRET) =>
    only_operators_are_told: ["identity.scope.admin"],
}

async fn only_operators_are_told(server: Server) -> Server {
    for path in [WORKERS, STATS] {
        let nobody = server.client().get(path).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        let of = |scope: &str| {
            let token = Token::of("alice").with("scope", json!(scope));
            server.other().with_token(&token.signed())
        };
        let refused = of("execute read").get(path).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::FORBIDDEN, "FORBIDDEN")
        );
        assert!(
            refused.body["message"]
                .as_str()
                .unwrap()
                .contains("\"admin\"")
        );
        assert_eq!(of("admin").get(path).await.status, StatusCode::OK);
    }
    server
}
