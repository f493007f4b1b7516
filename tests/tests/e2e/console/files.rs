//! The files of the console, as browsers are given them.

use reqwest::{Method, StatusCode};
use tests::server::{Server, Setup};
use tests::tokens::SECRET;

over_every_server! { Setup::default().with("LONGSHORE_JWT_SECRET", SECRET) =>
    the_page_needs_no_token_and_nothing_from_elsewhere: ["console.open", "console.policy"],
    what_a_browser_has_is_not_sent_again: ["console.open"],
}

async fn the_page_needs_no_token_and_nothing_from_elsewhere(server: Server) -> Server {
    let to_page = server.client().get("/console").await;
    assert_eq!(to_page.status, StatusCode::OK, "it leads to the page");
    let page = server.other().get("/console/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("<title>Longshore</title>"));
    for (name, kind) in [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
        let file = server.client().get(&format!("/console/{name}")).await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
        assert_eq!(file.headers["content-type"], kind);
        assert_eq!(file.headers["x-content-type-options"], "nosniff");
        let policy = file.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    let none = server.client().get("/console/none.js").await;
    assert_eq!(
        (none.status, none.code()),
        (StatusCode::NOT_FOUND, "NOT_FOUND")
    );
    server
}

async fn what_a_browser_has_is_not_sent_again(server: Server) -> Server {
    let client = server.client();
    let file = client.get("/console/app.js").await;
    assert_eq!(file.headers["cache-control"], "no-cache");
    let tag = file.headers["etag"].clone();
    let again = |tag| {
        client
            .request(Method::GET, "/console/app.js")
            .header("if-none-match", tag)
    };
    let known = client.send(again(tag)).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let other = client.send(again("\"another\"".parse().unwrap())).await;
    assert_eq!((other.status, other.body), (StatusCode::OK, file.body));
    server
}
