//! The query parameters of every path.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::server::{Server, Setup};

use super::{EXECUTE, names_the_field, with};

over_every_server! { Setup::default() =>
    query_parameters_are_checked: [
        "format.query.unknown", "format.query.twice", "events.limit", "events.after.invalid", "errors.field",
    ],
}

async fn query_parameters_are_checked(server: Server) -> Server {
    let watched = server.client().run("[[text fine]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let record = format!("/api/v1/claude/executions/{execution}");
    for (query, field, right) in [
        ("limit=0", "limit", "from 1 to 1000"),
        ("limit=1001", "limit", "from 1 to 1000"),
        ("limit=-1", "limit", "from 1 to 1000"),
        ("limit=abc", "limit", "from 1 to 1000"),
        ("limit=", "limit", "from 1 to 1000"),
        ("limit=99999999999999999999", "limit", "from 1 to 1000"),
        ("limit=5&limit=5", "limit", "twice"),
        ("after=1-1&after=1-1", "after", "twice"),
        ("offset=3", "offset", "no such query parameter"),
        ("Limit=3", "Limit", "no such query parameter"),
    ] {
        let answer = server
            .other()
            .get(&format!("{record}/events?{query}"))
            .await;
        names_the_field(&answer, field, right, query);
    }
    for after in [
        "",
        "1",
        "x",
        "1-",
        "-1",
        "1-1-1",
        "1-1%00",
        "0x1-1",
        "99999999999-1",
        "%2B1-1",
    ] {
        let answer = server
            .other()
            .get(&format!("{record}/events?after={after}"))
            .await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "INVALID_CURSOR"),
            "{after}"
        );
        assert!(
            answer.body["message"]
                .as_str()
                .unwrap()
                .contains("as in 1-42"),
            "{}",
            answer.body
        );
    }
    let answer = server
        .other()
        .get(&format!("{record}/events?after=%FF"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let other = server.other();
    let (show, cancel) = (
        format!("{record}?full=1"),
        format!("{record}/cancel?full=1"),
    );
    let execute = format!("{EXECUTE}?full=1");
    for request in [
        other.request(Method::GET, &show),
        other.request(Method::POST, &cancel),
        other
            .request(Method::POST, &execute)
            .json(&with("model", Value::Null)),
    ] {
        let answer = other.send(request).await;
        names_the_field(
            &answer,
            "full",
            "no such query parameter",
            &answer.body.to_string(),
        );
    }
    server
}
