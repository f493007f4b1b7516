//! How many executions may wait.

use reqwest::StatusCode;
use serde_json::json;
use tests::client::{Answer, next_frame};
use tests::server::{Server, Setup};

over_every_server! { Setup { workers: 1, ..Setup::default() }.with("LONGSHORE_SLOTS", "1").with("LONGSHORE_MAX_QUEUE", "2") =>
    over_the_limit_nothing_is_accepted_until_there_is_room: ["limits.queue", "idempotency.queue-full", "idempotency.freed", "errors.503.retry-after"],
}

async fn execute(server: &Server, key: &str) -> Answer {
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
    server.other().execute_once(key, &body).await
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    answer.body["execution_id"].as_str().unwrap().to_owned()
}

async fn over_the_limit_nothing_is_accepted_until_there_is_room(server: Server) -> Server {
    let (running, _) = server.client().submit("[[hang]]").await;
    let mut socket = server.client().socket(&running, None).await;
    while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}

    let first = id(&execute(&server, "first").await);
    let second = id(&execute(&server, "second").await);
    let refused = execute(&server, "third").await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "QUEUE_FULL"),
        "{}",
        refused.body
    );
    let wait: u32 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    let again = execute(&server, "first").await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(id(&again), first);

    let cancelled = server.client().cancel(&second).await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.body);
    let third = execute(&server, "third").await;
    assert!(
        third.headers.get("idempotency-replayed").is_none(),
        "its key was free"
    );
    let third = id(&third);
    server.client().cancel(&running).await;
    for execution in [first, third] {
        assert_eq!(
            server.client().watch(&execution).await.status(),
            "completed"
        );
    }
    server
}
