//! How often a caller may execute.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::{Answer, Client};
use tests::server::{Server, Setup};
use tokio::time::sleep;

const EXECUTE: &str = "/api/v1/claude/execute";

over_every_server! { Setup::default().with("LONGSHORE_RATE_LIMIT", "60").with("LONGSHORE_RATE_BURST", "2") =>
    over_the_burst_is_refused_until_the_time_it_says: ["limits.rate.429", "limits.rate.retry-after", "limits.rate.headers"],
    every_answer_of_execute_tells_the_quota: ["limits.rate.headers"],
}

mod slow {
    use super::*;

    over_every_server! { Setup::default().with("LONGSHORE_RATE_LIMIT", "1").with("LONGSHORE_RATE_BURST", "5") =>
        replicas_share_the_bucket: ["limits.rate.shared"],
        a_refusal_is_seen_by_whoever_still_sends,
    }
}

mod apart {
    use tests::tokens::{SECRET, Token};

    use super::*;

    over_every_server! { Setup::default().with("LONGSHORE_RATE_LIMIT", "1").with("LONGSHORE_RATE_BURST", "2").with("LONGSHORE_JWT_SECRET", SECRET) =>
        callers_are_counted_apart: ["limits.rate.per-caller"],
    }

    async fn callers_are_counted_apart(server: Server) -> Server {
        for subject in ["alice", "bob"] {
            let of = |client: &Client| client.with_token(&Token::of(subject).signed());
            for client in [server.client(), server.other()] {
                let answer = execute(&of(client)).await;
                assert_eq!(
                    answer.status,
                    StatusCode::ACCEPTED,
                    "{subject}: {}",
                    answer.body
                );
            }
            assert_eq!(execute(&of(server.client())).await.code(), "RATE_LIMITED");
        }
        server
    }
}

mod off {
    use super::*;

    over_every_server! { Setup::default().with("LONGSHORE_RATE_LIMIT", "0").with("LONGSHORE_RATE_BURST", "1") =>
        without_a_limit_there_is_no_quota: ["limits.rate.off"],
    }
}

async fn execute(client: &Client) -> Answer {
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
    client.post(EXECUTE, &body).await
}

fn header(answer: &Answer, name: &str) -> u64 {
    let value = answer.headers.get(name);
    let value = value.unwrap_or_else(|| panic!("no {name}: {:?}", answer.headers));
    value.to_str().unwrap().parse().unwrap()
}

/// The answer to the first request that finds no token.
async fn exhaust(client: &Client) -> Answer {
    for _ in 0..100 {
        let answer = execute(client).await;
        if answer.status != StatusCode::ACCEPTED {
            return answer;
        }
    }
    panic!("nothing is refused");
}

async fn over_the_burst_is_refused_until_the_time_it_says(server: Server) -> Server {
    let first = execute(server.client()).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
    assert_eq!(header(&first, "x-ratelimit-limit"), 2);
    assert_eq!(header(&first, "x-ratelimit-remaining"), 1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let reset = header(&first, "x-ratelimit-reset");
    assert!(now.as_secs().abs_diff(reset) <= 2, "{now:?}, {reset}");

    let refused = exhaust(server.client()).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
        "{}",
        refused.body
    );
    assert_eq!(header(&refused, "retry-after"), 1);
    assert_eq!(header(&refused, "x-ratelimit-limit"), 2);
    assert_eq!(header(&refused, "x-ratelimit-remaining"), 0);
    assert!(header(&refused, "x-ratelimit-reset") >= reset);
    let trace_id = refused.body["trace_id"].as_str().unwrap();
    assert_eq!(refused.headers["x-trace-id"], trace_id);

    sleep(Duration::from_secs(1)).await;
    let later = execute(server.other()).await;
    assert_eq!(later.status, StatusCode::ACCEPTED, "{}", later.body);
    server
}

async fn every_answer_of_execute_tells_the_quota(server: Server) -> Server {
    let bad = server.client().post(EXECUTE, &json!({})).await;
    assert_eq!(bad.code(), "INVALID_REQUEST", "{}", bad.body);
    assert_eq!(header(&bad, "x-ratelimit-remaining"), 1, "it costs as much");
    let no_json = server.client().request(Method::POST, EXECUTE).body("x");
    let no_json = server.client().send(no_json).await;
    assert_eq!(no_json.code(), "UNSUPPORTED_MEDIA_TYPE", "{}", no_json.body);
    assert_eq!(header(&no_json, "x-ratelimit-limit"), 2);
    for path in [EXECUTE, "/api/v1/claude/executions/x", "/healthz"] {
        let other = server.client().get(path).await;
        assert!(other.headers.get("x-ratelimit-limit").is_none(), "{path}");
    }
    server
}

async fn a_refusal_is_seen_by_whoever_still_sends(server: Server) -> Server {
    exhaust(server.client()).await;
    let mut body = json!({ "workspace_id": "demo" });
    body["prompt"] = json!("x".repeat(20 << 20));
    let refused = server.client().post(EXECUTE, &body).await;
    assert_eq!(refused.code(), "RATE_LIMITED", "{}", refused.body);
    server
}

async fn replicas_share_the_bucket(server: Server) -> Server {
    let requests: Vec<_> = (0..20)
        .map(|n| {
            let client = server.clients[n % server.clients.len()].clone();
            tokio::spawn(async move { execute(&client).await })
        })
        .collect();
    let mut left = Vec::new();
    for request in requests {
        let answer = request.await.unwrap();
        if answer.status == StatusCode::ACCEPTED {
            left.push(header(&answer, "x-ratelimit-remaining"));
        } else {
            assert_eq!(answer.code(), "RATE_LIMITED", "{}", answer.body);
            assert!((1..=60).contains(&header(&answer, "retry-after")));
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "each token is given once");
    server
}

async fn without_a_limit_there_is_no_quota(server: Server) -> Server {
    for _ in 0..5 {
        let answer = execute(server.client()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        assert!(answer.headers.get("x-ratelimit-limit").is_none());
    }
    server
}
