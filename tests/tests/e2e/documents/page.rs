//! The reference page.

use reqwest::{Method, StatusCode, redirect};
use tests::client;
use tests::server::{Server, Setup};

over_every_server! { Setup::default() =>
    the_page_needs_nothing_from_elsewhere: ["docs.page", "docs.csp"],
    a_part_that_there_is_not_is_an_error: ["docs.unknown-asset"],
}

async fn the_page_needs_nothing_from_elsewhere(server: Server) -> Server {
    let url = server.client().url();
    let http = client::http()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();
    let moved = http.get(format!("{url}/docs")).send().await.unwrap();
    assert_eq!(moved.status(), StatusCode::TEMPORARY_REDIRECT);
    // Relative, so that it also leads there behind a proxy's prefix.
    assert_eq!(moved.headers()["location"], "docs/");

    let page = http.get(format!("{url}/docs/")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "connect-src 'self';",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(
        !policy.contains("http") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    assert_eq!(page.headers()["content-type"], "text/html");
    let html = page.text().await.unwrap();
    // A policy that allows no script in the page itself: each comes from a file.
    for script in html.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(
            tag.contains("src=") && rest.trim_start().starts_with("</script>"),
            "{script}"
        );
    }
    let parts: Vec<&str> = ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|mark| html.split(mark).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(parts.len() >= 5, "{parts:?}");
    for part in parts {
        assert!(!part.contains("//"), "{part} is elsewhere");
        let part = http.get(format!("{url}/docs/{part}")).send().await.unwrap();
        assert_eq!(part.status(), StatusCode::OK, "{}", part.url());
        let kind = part.headers()["content-type"].to_str().unwrap().to_owned();
        let expected = match part.url().path().rsplit('.').next().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            _ => "image/png",
        };
        assert_eq!(kind, expected, "{}", part.url());
        assert_eq!(part.headers()["x-content-type-options"], "nosniff");
        assert!(!part.bytes().await.unwrap().is_empty());
    }
    let start = http.get(format!("{url}/docs/swagger-initializer.js"));
    let start = start.send().await.unwrap().text().await.unwrap();
    assert!(start.contains(r#""../openapi.json""#), "{start}");
    assert!(
        start.contains(r#""validatorUrl": "none""#),
        "no validator elsewhere: {start}"
    );
    server
}

async fn a_part_that_there_is_not_is_an_error(server: Server) -> Server {
    let client = server.client();
    for part in [
        "nosuch.js",
        "..%2fopenapi.json",
        "%2e%2e%2fmain.rs",
        "index.html%00",
        "%ff",
    ] {
        let answer = client.get(&format!("/docs/{part}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{part}");
        assert_eq!(answer.code(), "NOT_FOUND", "{part}: {}", answer.body);
        assert!(answer.body["trace_id"].is_string());
    }
    let posted = client.send(client.request(Method::POST, "/docs/")).await;
    assert_eq!(posted.code(), "METHOD_NOT_ALLOWED");
    server
}
