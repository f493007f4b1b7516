//! `longshore run` and the connections that it loses.

use std::time::{Duration, Instant};

use serde_json::json;

use super::stand_in::StandIn;

/// After these a client comes back; 1006 stands for a connection that breaks without a word.
const COME_BACK: [u16; 5] = [1001, 1012, 1013, 4408, 1006];

#[tokio::test]
async fn it_comes_back_after_what_it_has_seen() {
    let mut api = StandIn::start("").await;
    let mut run = api.run("");
    let mut seen = None;
    for (number, code) in COME_BACK.into_iter().enumerate() {
        let (mut socket, after) = api.socket().await;
        assert_eq!(after, seen, "before {code}");
        let id = format!("1-{}", number + 1);
        let line = json!({ "type": "system" });
        socket.send("claude_message", Some(&id), line).await;
        match code {
            1006 => drop(socket),
            code => socket.close(code, "").await,
        }
        seen = Some(id);
    }
    let (mut socket, after) = api.socket().await;
    assert_eq!(after, seen);
    socket.end("completed").await;
    assert_eq!(run.exit().await.code(), Some(0), "{}", run.output());
    tests::proved!(Programs, it_comes_back_after_what_it_has_seen: "command.run.reconnect");
}

/// What is said with each close that means no.
#[tokio::test]
async fn it_stays_away_when_it_is_told_no() {
    for code in [1008, 1009, 4401, 4403, 4404] {
        let mut api = StandIn::start("").await;
        let mut run = api.run("");
        let (socket, _) = api.socket().await;
        socket.close(code, "not for you").await;
        let told = format!("error: the server ended the stream: not for you ({code})");
        run.word_after(&told).await;
        assert_eq!(run.exit().await.code(), Some(1), "{code}");
        assert!(api.is_quiet(), "{code} and it comes back");
    }
    tests::proved!(Programs, it_stays_away_when_it_is_told_no: "command.run.told-no");
}

/// A greeting is no sign that the connection is of use.
#[tokio::test]
async fn it_waits_longer_each_time() {
    let mut api = StandIn::start("").await;
    let mut run = api.run("");
    let begin = Instant::now();
    for _ in 0..5 {
        let (mut socket, _) = api.socket().await;
        let data = json!({ "status": "pending", "last_id": null, "resumed_after": null });
        socket.send("subscribed", None, data).await;
        socket.close(1013, "try again later").await;
    }
    let (mut socket, _) = api.socket().await;
    // Five pauses of at least half of 50, 100, 200, 400 and 800 ms.
    assert!(begin.elapsed() >= Duration::from_millis(775));
    socket.end("completed").await;
    assert_eq!(run.exit().await.code(), Some(0), "{}", run.output());
    tests::proved!(Programs, it_waits_longer_each_time: "command.run.reconnect");
}

/// Behind a proxy the API has a path of its own.
#[tokio::test]
async fn the_path_of_the_url_is_kept() {
    for path in ["/tools/longshore", "/tools/longshore/"] {
        let mut api = StandIn::start("/tools/longshore").await;
        let mut run = api.run(path);
        let mut socket = api.watched(&run).await;
        let answer = api.interrupt(&run).await;
        answer.send(axum::http::StatusCode::ACCEPTED).unwrap();
        socket.end("cancelled").await;
        assert_eq!(run.exit().await.code(), Some(130), "{}", run.output());
    }
    tests::proved!(Programs, the_path_of_the_url_is_kept: "command.run.url");
}
