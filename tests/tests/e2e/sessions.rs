//! Sessions: one at a time, in order, and each continues the one before, on whatever worker.

use serde_json::json;
use tests::client::Client;
use tests::server::{Server, Setup};

mod closing;
mod logs;
mod sums;

over_every_server! { Setup::default() =>
    the_second_turn_remembers_the_first: ["sessions.memory", "execute.session_id.continue"],
    executions_of_a_session_run_in_the_order_accepted: ["sessions.serial"],
    a_session_goes_on_after_a_failed_and_a_cancelled_turn: ["sessions.after-failure"],
    a_session_without_its_transcript_says_so: ["run.error.session-not-resumable"],
}

async fn turn(client: &Client, session: &str, prompt: &str) -> String {
    client
        .execute(&json!({ "workspace_id": "demo", "prompt": prompt, "session_id": session }))
        .await
        .0
}

async fn the_second_turn_remembers_the_first(server: Server) -> Server {
    let (first, session) = server
        .client()
        .submit("The word is plover. [[text noted]]")
        .await;
    server.client().watch(&first).await;
    let second = turn(server.other(), &session.to_uppercase(), "[[recall]]").await;
    let watched = server.client().watch(&second).await;
    assert!(
        watched.text().contains("The word is plover."),
        "{}",
        watched.text()
    );
    assert!(
        watched
            .of("claude_message")
            .all(|line| line["session_id"] == session.as_str())
    );
    let third = turn(server.client(), &session, "[[recall]][[args]]").await;
    let text = server.client().watch(&third).await.text();
    assert!(
        text.contains("plover") && text.contains("--resume="),
        "{text}"
    );
    server
}

async fn executions_of_a_session_run_in_the_order_accepted(server: Server) -> Server {
    let (first, session) = server.client().submit("[[sleep ms=300]][[text 0]]").await;
    let mut order = vec![first];
    for n in 1..10 {
        let client = &server.clients[n % server.clients.len()];
        order.push(turn(client, &session, &format!("[[text {n}]]")).await);
    }
    let mut ended = Vec::new();
    for execution in &order {
        server.client().watch(execution).await;
        let record = server.client().execution(execution).await;
        ended.push((
            record["started_at"].to_string(),
            record["ended_at"].to_string(),
        ));
    }
    assert!(
        ended.windows(2).all(|pair| pair[0].1 <= pair[1].0),
        "one starts when the one before has ended: {ended:?}"
    );
    let last = turn(server.client(), &session, "[[recall]]").await;
    let text = server.client().watch(&last).await.text();
    let places: Vec<_> = (0..10)
        .map(|n| text.find(&format!("[[text {n}]]")))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{text}"
    );
    server
}

async fn a_session_goes_on_after_a_failed_and_a_cancelled_turn(server: Server) -> Server {
    let (first, session) = server
        .client()
        .submit("Remember gannet. [[exit code=1]]")
        .await;
    assert_eq!(server.client().watch(&first).await.code(), "CLI_EXITED");
    let second = turn(server.client(), &session, "Remember petrel. [[hang]]").await;
    let mut socket = server.client().socket(&second, None).await;
    while tests::client::next_frame(&mut socket)
        .await
        .expect("it runs")["type"]
        != "claude_message"
    {}
    server.client().cancel(&second).await;
    assert_eq!(server.client().watch(&second).await.status(), "cancelled");
    let third = turn(server.client(), &session, "[[text still here]]").await;
    assert_eq!(server.client().watch(&third).await.status(), "completed");
    server
}

async fn a_session_without_its_transcript_says_so(server: Server) -> Server {
    let (first, session) = server.client().submit("[[text noted]]").await;
    server.client().watch(&first).await;
    std::fs::remove_dir_all(server.state()).unwrap();
    let second = turn(server.other(), &session, "[[recall]]").await;
    let watched = server.client().watch(&second).await;
    assert_eq!(
        (watched.status(), watched.code()),
        ("failed", "SESSION_NOT_RESUMABLE")
    );
    server
}
