//! The JSON of a body: what is none is refused, what is not ours to read is given back as it came.

use reqwest::{Method, StatusCode};
use tests::server::{Server, Setup};

use super::send;

over_every_server! { Setup::default() =>
    a_body_that_is_no_json_object_is_refused: ["execute.body.object", "execute.body.not-json"],
    a_key_may_be_there_once: ["format.json.duplicate-key"],
    metadata_is_returned_as_given: ["execute.metadata.verbatim"],
}

async fn a_body_that_is_no_json_object_is_refused(server: Server) -> Server {
    let not_json: [&[u8]; 11] = [
        b"",
        b" \n",
        b"hello",
        b"{",
        b"{\"workspace_id\":\"demo\",\"prompt\":\"x\"",
        b"{\"workspace_id\":\"demo\",\"prompt\":\"x\"} {}",
        b"{'workspace_id':'demo'}",
        b"{\"workspace_id\":\"demo\",\"prompt\":\"\xff\"}",
        b"{\"workspace_id\":\"demo\",\"prompt\":\"\\ud800\"}",
        b"{\"workspace_id\":\"demo\",\"prompt\":NaN}",
        b"{\"workspace_id\":\"demo\",\"prompt\":\"x\",\"metadata\":{\"n\":1e400}}",
    ];
    let mut bodies: Vec<(Vec<u8>, &str)> =
        not_json.map(|body| (body.to_vec(), "INVALID_JSON")).into();
    // Deep enough to overflow the stack of a reader that recurses without a limit.
    bodies.push(("[".repeat(100_000).into(), "INVALID_JSON"));
    let deep = format!(
        "{}{}",
        r#"{"metadata":"#.repeat(100_000),
        "}".repeat(100_000)
    );
    bodies.push((deep.into(), "INVALID_JSON"));
    for body in [
        "[]",
        "null",
        "1",
        "\"prompt\"",
        "[{\"workspace_id\":\"demo\",\"prompt\":\"x\"}]",
    ] {
        bodies.push((body.into(), "INVALID_REQUEST"));
    }
    for (body, code) in bodies {
        let shown = String::from_utf8_lossy(&body)
            .chars()
            .take(60)
            .collect::<String>();
        let answer = send(server.client(), body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, code),
            "{shown}: {}",
            answer.body
        );
        assert!(
            answer.body["message"].as_str().unwrap().contains("JSON"),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        server.client().run("[[text still here]]").await.status(),
        "completed"
    );
    server
}

async fn a_key_may_be_there_once(server: Server) -> Server {
    for (key, body) in [
        (
            "prompt",
            r#"{"workspace_id":"demo","prompt":"x","prompt":"y"}"#,
        ),
        (
            "prompt",
            r#"{"workspace_id":"demo","prompt":"x","\u0070rompt":"x"}"#,
        ),
        (
            "a",
            r#"{"workspace_id":"demo","prompt":"x","metadata":{"a":1,"a":2}}"#,
        ),
        (
            "z",
            r#"{"workspace_id":"demo","prompt":"x","metadata":{"a":[{"z":1,"y":2,"z":3}]}}"#,
        ),
    ] {
        let answer = send(server.client(), body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "INVALID_JSON"),
            "{body}"
        );
        let message = answer.body["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("{key:?} is there twice")),
            "{message}"
        );
    }
    server
}

async fn metadata_is_returned_as_given(server: Server) -> Server {
    let metadata =
        r#"{"b":1.00, "a":"\u00e9\u0000", "big":123456789012345678901234567890,"n":null}"#;
    let body =
        format!(r#"{{"workspace_id":"demo","prompt":"[[text fine]]","metadata": {metadata} }}"#);
    let answer = send(server.client(), body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let execution = answer.body["execution_id"].as_str().unwrap();
    server.client().watch(execution).await;
    let path = format!("/api/v1/claude/executions/{execution}");
    let record = server
        .other()
        .request(Method::GET, &path)
        .send()
        .await
        .unwrap();
    let text = record.text().await.unwrap();
    assert!(
        text.contains(&format!(r#""metadata":{metadata}"#)),
        "{text}"
    );
    server
}
