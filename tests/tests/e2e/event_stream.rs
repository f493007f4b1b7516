//! `GET …/events` as server-sent events: what a WebSocket shows, for clients that have none.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::event_stream::{Block, Event};
use tests::server::{Server, Setup};
use tests::watcher::Watched;

over_every_server! { Setup::default().with("LONGSHORE_DRAIN", "1s") =>
    a_stream_holds_what_a_socket_shows: ["sse.content-type", "sse.event", "sse.end"],
    it_goes_on_live_to_the_end: ["sse.live", "sse.end"],
    a_client_that_comes_back_gets_the_rest: ["sse.last-event-id"],
    after_the_end_there_is_nothing_to_come_back_for: ["sse.last-event-id.end"],
    what_is_wrong_with_it_is_answered_before_it_begins,
    a_silent_stream_says_that_it_is_there: ["sse.ping"],
    it_ends_without_an_end_when_the_server_stops,
}

const PROMPT: &str = "[[text one]][[tool Bash {\"command\":\"true\"}]][[text two]]";

/// The events that carry an id, as frames.
fn recorded(events: &[Event]) -> Vec<&Value> {
    let recorded = events.iter().filter(|event| event.id.is_some());
    recorded.map(|event| &event.data).collect()
}

fn execution_of(watched: &Watched) -> &str {
    watched.frames[0]["execution_id"].as_str().unwrap()
}

async fn a_stream_holds_what_a_socket_shows(server: Server) -> Server {
    let watched = server.client().run(PROMPT).await;
    let stream = server
        .other()
        .event_stream(execution_of(&watched), None)
        .await
        .unwrap();
    let events = stream.to_end().await;
    assert_eq!(recorded(&events), watched.recorded());
    for event in &events {
        assert_eq!(event.data["type"], event.event.as_str());
        assert_eq!(event.data["id"].as_str(), event.id.as_deref());
        assert_eq!(event.data["execution_id"], execution_of(&watched));
    }
    let first = &events[0];
    assert_eq!((first.event.as_str(), &first.id), ("subscribed", &None));
    assert_eq!(first.data["data"]["last_id"], json!(watched.ids().last()));
    assert_eq!(events[events.len() - 1].event, "end");
    server
}

async fn it_goes_on_live_to_the_end(server: Server) -> Server {
    let body = json!({
        "workspace_id": "demo", "stream": true, "max_turns": 4,
        "prompt": "[[text before]][[sleep ms=400]][[partials n=5 rate=50]][[text after]]",
    });
    let (execution, _) = server.client().execute(&body).await;
    let stream = server.other().event_stream(&execution, None).await.unwrap();
    let events = stream.to_end().await;
    let of = |kind: &str| events.iter().filter(|event| event.event == kind).count();
    assert!(of("partial") >= 5 && of("progress") >= 1, "{events:#?}");
    let watched = server.client().watch(&execution).await;
    assert_eq!(recorded(&events), watched.recorded());
    assert_eq!(of("end"), 1);
    server
}

async fn a_client_that_comes_back_gets_the_rest(server: Server) -> Server {
    let watched = server.client().run(PROMPT).await;
    let execution = execution_of(&watched);
    let (ids, all): (Vec<_>, _) = (watched.ids().collect(), watched.recorded());
    for seen in [1, ids.len() / 2, ids.len() - 1] {
        let last = ids[seen - 1];
        let stream = server.other().event_stream(execution, Some(last)).await;
        let events = stream.unwrap().to_end().await;
        assert_eq!(recorded(&events), all[seen..], "after {last}");
        assert_eq!(events[0].data["data"]["resumed_after"], last);
        // The address a browser began with stays; what it says it has seen counts.
        let path = format!("/api/v1/claude/executions/{execution}/events?after={last}");
        let stream = server.other().event_stream_at(&path, None).await;
        assert_eq!(recorded(&stream.unwrap().to_end().await), all[seen..]);
        let path = format!("/api/v1/claude/executions/{execution}/events?after=1-1");
        let stream = server.other().event_stream_at(&path, Some(last)).await;
        assert_eq!(recorded(&stream.unwrap().to_end().await), all[seen..]);
    }
    let beyond = server.client().event_stream(execution, Some("7-1")).await;
    let events = beyond.unwrap().to_end().await;
    assert_eq!(
        (events[1].event.as_str(), &events[1].id),
        ("gap", &None),
        "{events:#?}"
    );
    assert_eq!(recorded(&events), all);
    server
}

async fn after_the_end_there_is_nothing_to_come_back_for(server: Server) -> Server {
    let watched = server.client().run("[[text fine]]").await;
    let last = watched.ids().last();
    let stream = server
        .other()
        .event_stream(execution_of(&watched), last)
        .await;
    let answer = stream.err().expect("a browser is told to stay away");
    assert_eq!(
        (answer.status, &answer.body),
        (StatusCode::NO_CONTENT, &json!(""))
    );
    server
}

async fn what_is_wrong_with_it_is_answered_before_it_begins(server: Server) -> Server {
    let client = server.client();
    let watched = client.run("[[text fine]]").await;
    let execution = execution_of(&watched);
    for bad in ["x", "1", "1-0", "-1-1", "1-2-3"] {
        let answer = client.event_stream(execution, Some(bad)).await;
        let answer = answer.err().expect("no stream");
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "INVALID_CURSOR"),
            "{bad}"
        );
    }
    let path = format!("/api/v1/claude/executions/{execution}/events");
    for (query, code) in [
        ("limit=5", "INVALID_REQUEST"),
        ("after=x", "INVALID_CURSOR"),
        ("nosuch=1", "INVALID_REQUEST"),
    ] {
        let answer = client
            .event_stream_at(&format!("{path}?{query}"), None)
            .await;
        assert_eq!(answer.err().expect("no stream").code(), code, "{query}");
    }
    let unknown = uuid::Uuid::now_v7().to_string();
    let answer = client.event_stream(&unknown, None).await;
    assert_eq!(
        answer.err().expect("no stream").code(),
        "EXECUTION_NOT_FOUND"
    );
    // Who takes anything gets a page.
    let page = client.request(Method::GET, &path).header("accept", "*/*");
    let page = client.send(page).await;
    assert_eq!(page.headers["content-type"], "application/json");
    server
}

async fn a_silent_stream_says_that_it_is_there(server: Server) -> Server {
    let (execution, _) = server.client().submit("[[text started]][[hang]]").await;
    let mut stream = server
        .client()
        .event_stream(&execution, None)
        .await
        .unwrap();
    let ping = loop {
        match stream.next().await.expect("it goes on") {
            Block::Comment(comment) => break comment,
            Block::Event(_) => {}
        }
    };
    assert_eq!(ping, "ping");
    server.client().cancel(&execution).await;
    let events = stream.to_end().await;
    assert_eq!(events[events.len() - 1].event, "end");
    server
}

async fn it_ends_without_an_end_when_the_server_stops(mut server: Server) -> Server {
    let (execution, _) = server.client().submit("[[text started]][[hang]]").await;
    let mut stream = server
        .client()
        .event_stream(&execution, None)
        .await
        .unwrap();
    while stream.next_event().await.expect("it goes on").event != "claude_message" {}
    server.apis.remove(0).stop().await;
    let events = stream.to_end().await;
    assert!(
        events.iter().all(|event| event.event != "end"),
        "{events:?}"
    );
    server
}
