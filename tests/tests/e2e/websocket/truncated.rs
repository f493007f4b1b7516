//! Watching on from what the log no longer holds.

use serde_json::json;
use tests::client::next_frame;
use tests::server::{Server, Setup};

over_every_server! { Setup::default().with("LONGSHORE_MAX_EVENTS", "100") =>
    what_is_no_longer_kept_is_a_gap: ["ws.resume.truncated", "ws.frame.gap"],
}

async fn what_is_no_longer_kept_is_a_gap(server: Server) -> Server {
    let (execution, _) = server.client().submit("[[lines n=400]]").await;
    let mut socket = server.other().socket(&execution, None).await;
    while let Ok(frame) = next_frame(&mut socket).await {
        if frame["type"] == "end" {
            break;
        }
    }
    let mut socket = server.other().socket(&execution, Some("1-2")).await;
    next_frame(&mut socket).await.unwrap();
    let gap = next_frame(&mut socket).await.unwrap();
    assert_eq!(
        (&gap["type"], &gap["data"]["requested"]),
        (&json!("gap"), &json!("1-2"))
    );
    let mut ids = Vec::new();
    while let Ok(frame) = next_frame(&mut socket).await {
        ids.push(frame["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(gap["data"]["earliest"], ids[0].as_str());
    assert_eq!(gap["data"]["latest"], ids[ids.len() - 1].as_str());
    let seqs = ids
        .iter()
        .map(|id| id.trim_start_matches("1-").parse::<u64>().unwrap());
    let seqs: Vec<u64> = seqs.collect();
    assert!(seqs[0] > 3 && seqs.len() >= 100, "{seqs:?}");
    assert!(
        seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{seqs:?}"
    );
    server
}
