//! A request that comes again under its Idempotency-Key.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::server::{Server, Setup};
use uuid::Uuid;

over_every_server! { Setup::default() =>
    of_many_at_once_one_is_executed: ["idempotency.once", "idempotency.in-flight", "idempotency.replayed-header"],
    a_replay_is_the_first_answer: ["idempotency.replay", "idempotency.replayed-header"],
    spelling_makes_no_difference: ["idempotency.json-values"],
    another_body_is_a_conflict: ["idempotency.conflict"],
    a_refused_request_frees_its_key: ["idempotency.freed"],
    a_turn_of_a_session_is_taken_once: ["idempotency.replay"],
    a_key_has_a_form: ["idempotency.format"],
}

const EXECUTE: &str = "/api/v1/claude/execute";

fn body(prompt: &str) -> Value {
    json!({ "workspace_id": "demo", "prompt": prompt })
}

fn is_replayed(answer: &Answer) -> bool {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    answer
        .headers
        .get("idempotency-replayed")
        .is_some_and(|value| value == "true")
}

/// Sends a body as it is written.
async fn send(client: &Client, key: &str, body: &str) -> Answer {
    let request = client
        .request(Method::POST, EXECUTE)
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key);
    client.send(request.body(body.to_owned())).await
}

async fn of_many_at_once_one_is_executed(server: Server) -> Server {
    let requests: Vec<_> = (0..50)
        .map(|n| {
            let client = server.clients[n % server.clients.len()].clone();
            tokio::spawn(async move { client.execute_once("k", &body("[[text fine]]")).await })
        })
        .collect();
    let (mut first, mut bodies) = (0, BTreeSet::new());
    for request in requests {
        let answer = request.await.unwrap();
        first += i32::from(!is_replayed(&answer));
        bodies.insert(answer.body.to_string());
    }
    assert_eq!((first, bodies.len()), (1, 1), "{bodies:?}");
    let accepted: Value = serde_json::from_str(bodies.first().unwrap()).unwrap();
    let execution = accepted["execution_id"].as_str().unwrap();
    assert_eq!(server.client().watch(execution).await.status(), "completed");
    let starts = fake_claude::witness::read(&server.witness());
    let starts = starts
        .iter()
        .filter(|record| record.event == fake_claude::witness::Event::Start)
        .count();
    assert_eq!(starts, 1, "the prompt ran once");
    server
}

async fn a_replay_is_the_first_answer(server: Server) -> Server {
    let first = server
        .client()
        .execute_once("k", &body("[[text fine]]"))
        .await;
    assert!(!is_replayed(&first));
    let execution = first.body["execution_id"].as_str().unwrap();
    server.client().watch(execution).await;
    let again = server
        .other()
        .execute_once("k", &body("[[text fine]]"))
        .await;
    assert!(is_replayed(&again), "also when it has ended");
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["location"], first.headers["location"]);
    for key in [Some("K"), Some("k2"), None] {
        let other = match key {
            Some(key) => {
                server
                    .client()
                    .execute_once(key, &body("[[text fine]]"))
                    .await
            }
            None => server.client().post(EXECUTE, &body("[[text fine]]")).await,
        };
        assert!(!is_replayed(&other), "{key:?}");
        assert_ne!(other.body["execution_id"], first.body["execution_id"]);
    }
    server
}

async fn spelling_makes_no_difference(server: Server) -> Server {
    let first = r#"{"workspace_id":"demo","prompt":"[[text fine]]","max_budget_usd":1,"metadata":{"a":[1,100],"b":12345678901234567890123}}"#;
    assert!(!is_replayed(&send(server.client(), "k", first).await));
    for same in [
        r#"{"prompt":"[[text fine]]","metadata":{"b":12345678901234567890123,"a":[1,100]},"workspace_id":"demo","max_budget_usd":1}"#,
        "{ \"workspace_id\" : \"demo\",\n\"prompt\":\"[[text fine]]\",\t\"max_budget_usd\":1.0,\"metadata\":{\"a\":[1e0,1e2],\"b\":12345678901234567890123} }",
        r#"{"\u0077orkspace_id":"demo","prompt":"[[text f\u0069ne]]","max_budget_usd":0.1e1,"metadata":{"a":[1,100.0],"b":12345678901234567890123}}"#,
    ] {
        assert!(
            is_replayed(&send(server.other(), "k", same).await),
            "{same}"
        );
    }
    let other = first.replace("890123}", "890124}");
    let other = send(server.other(), "k", &other).await;
    assert_eq!(other.code(), "IDEMPOTENCY_CONFLICT", "{}", other.body);
    server
}

async fn another_body_is_a_conflict(server: Server) -> Server {
    let first = server
        .client()
        .execute_once("k", &body("[[text fine]]"))
        .await;
    assert!(!is_replayed(&first));
    let mut with_default = body("[[text fine]]");
    with_default["stream"] = json!(false);
    for other in [body("[[text other]]"), with_default] {
        let refused = server.other().execute_once("k", &other).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::CONFLICT, "IDEMPOTENCY_CONFLICT"),
            "{}",
            refused.body
        );
    }
    let invalid = server.other().execute_once("k", &body("")).await;
    assert_eq!(invalid.code(), "INVALID_REQUEST", "{}", invalid.body);
    server
}

async fn a_refused_request_frees_its_key(server: Server) -> Server {
    let mut unknown = body("[[text fine]]");
    unknown["session_id"] = json!(Uuid::new_v4());
    for _ in 0..2 {
        let refused = server.client().execute_once("k", &unknown).await;
        assert_eq!(refused.code(), "SESSION_NOT_FOUND", "{}", refused.body);
    }
    let invalid = server.client().execute_once("k", &body("")).await;
    assert_eq!(invalid.code(), "INVALID_REQUEST", "{}", invalid.body);
    let accepted = server
        .other()
        .execute_once("k", &body("[[text fine]]"))
        .await;
    assert!(!is_replayed(&accepted));
    server
}

async fn a_turn_of_a_session_is_taken_once(server: Server) -> Server {
    let (first, session) = server.client().submit("Remember gannet.").await;
    let mut turn = body("[[recall]]");
    turn["session_id"] = json!(session);
    let answer = server.client().execute_once("k", &turn).await;
    assert!(!is_replayed(&answer));
    assert_eq!(answer.body["session_id"], session.as_str());
    let again = server.other().execute_once("k", &turn).await;
    assert!(is_replayed(&again));
    assert_eq!(again.body, answer.body);
    server.client().watch(&first).await;
    let execution = answer.body["execution_id"].as_str().unwrap();
    let text = server.client().watch(execution).await.text();
    assert!(text.contains("Remember gannet."), "{text}");
    server
}

async fn a_key_has_a_form(server: Server) -> Server {
    let long = "k".repeat(256);
    let bad: [&[&[u8]]; 6] = [
        &[b""],
        &[b"a\tb"],
        &["ä".as_bytes()],
        &[b"\xff"],
        &[long.as_bytes()],
        &[b"k", b"k"],
    ];
    for keys in bad {
        let mut request = server.client().request(Method::POST, EXECUTE);
        for key in keys {
            let value = header::HeaderValue::from_bytes(key).unwrap();
            request = request.header("idempotency-key", value);
        }
        let answer = server.client().send(request.json(&body("x"))).await;
        assert_eq!(
            (answer.status, answer.code(), &answer.body["details"]),
            (
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST",
                &json!({ "field": "idempotency-key" })
            ),
            "{keys:?}: {}",
            answer.body
        );
    }
    for good in [&long[1..], "a b", "~!\"#,;", "k"] {
        let answer = server
            .client()
            .execute_once(good, &body("[[text fine]]"))
            .await;
        assert!(!is_replayed(&answer), "{good:?}");
        assert!(is_replayed(
            &server
                .other()
                .execute_once(good, &body("[[text fine]]"))
                .await
        ));
    }
    server
}

mod apart {
    use tests::tokens::{SECRET, Token};

    use super::*;

    over_every_server! { Setup::default().with("LONGSHORE_JWT_SECRET", SECRET) =>
        keys_of_callers_are_apart: ["idempotency.caller"],
    }

    async fn keys_of_callers_are_apart(server: Server) -> Server {
        let mut executions = BTreeSet::new();
        for subject in ["alice", "bob"] {
            let client = server.client().with_token(&Token::of(subject).signed());
            for again in [false, true] {
                let answer = client.execute_once("k", &body("[[text fine]]")).await;
                assert_eq!(is_replayed(&answer), again, "{subject}: {}", answer.body);
                executions.insert(answer.body["execution_id"].to_string());
            }
        }
        assert_eq!(executions.len(), 2);
        server
    }
}
