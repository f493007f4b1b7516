//! Watching on from the end of the log, or from beyond it.

use serde_json::json;
use tests::client::next_frame;
use tests::server::Server;

use super::setup;

over_every_server! { setup() =>
    nothing_follows_the_end: ["ws.resume.end", "events.empty"],
    an_id_beyond_the_log_is_a_gap: ["ws.resume.beyond", "ws.frame.gap", "events.gap"],
}

async fn nothing_follows_the_end(server: Server) -> Server {
    let watched = server.client().run("[[text fine]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let last = watched.ids().last();
    let again = server.other().watch_after(execution, last).await;
    assert_eq!(again.frames.len(), 1, "{:#?}", again.frames);
    let expected = json!({ "status": "completed", "last_id": last, "resumed_after": last });
    assert_eq!(again.frames[0]["data"], expected);
    let page = format!(
        "/api/v1/claude/executions/{execution}/events?after={}",
        last.unwrap()
    );
    assert_eq!(
        server.other().get(&page).await.body,
        json!({ "events": [], "next_after": null })
    );
    server
}

async fn an_id_beyond_the_log_is_a_gap(server: Server) -> Server {
    let watched = server.client().run("[[text fine]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let recorded = watched.recorded();
    let (earliest, latest) = (watched.ids().next(), watched.ids().last());
    for beyond in ["1-4000", "7-1", "4294967295-18446744073709551615"] {
        let mut socket = server.other().socket(execution, Some(beyond)).await;
        let first = next_frame(&mut socket).await.unwrap();
        assert_eq!(first["data"]["resumed_after"], beyond);
        let gap = next_frame(&mut socket).await.unwrap();
        let expected = json!({ "requested": beyond, "earliest": earliest, "latest": latest });
        assert_eq!((&gap["type"], &gap["data"]), (&json!("gap"), &expected));
        for frame in &recorded {
            assert_eq!(next_frame(&mut socket).await.as_ref(), Ok(*frame));
        }
        assert_eq!(next_frame(&mut socket).await, Err(1000));
        let page = format!("/api/v1/claude/executions/{execution}/events?after={beyond}");
        let page = server.client().get(&page).await;
        let events = page.body["events"].as_array().unwrap();
        assert_eq!(
            (&events[0]["type"], &events[0]["data"]),
            (&json!("gap"), &expected)
        );
        assert_eq!(events[1..].iter().collect::<Vec<_>>(), recorded);
        assert_eq!(page.body["next_after"], json!(latest));
    }
    server
}
