//! How long a client waits that comes back for what it has missed.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::table::median_of;
use crate::client::{Client, next_frame};
use crate::process::PATIENCE;

/// Before the missed ones: a reader must not begin at the log's start.
const BEFORE: u32 = 200;

/// From asking for the socket until the last of `missed` events has come, in milliseconds: the median of so many times.
pub(super) async fn median(client: &Client, missed: u32, times: usize) -> f64 {
    let lines = BEFORE + missed;
    let prompt = format!("[[lines n={lines} bytes=300]][[hang]]");
    let (execution, _) = client.submit(&prompt).await;
    // The attempt's own event is the first, and the CLI's greeting the second.
    let (seen, last) = (format!("1-{}", BEFORE + 2), format!("1-{}", lines + 2));
    let mut socket = client.socket(&execution, None).await;
    while next_frame(&mut socket).await.expect("a frame")["id"] != last {}
    drop(socket);
    let mut took = Vec::new();
    for _ in 0..times {
        let resumed = resume(client, &execution, &seen, &last);
        let time = timeout(PATIENCE, resumed).await.expect("all comes in time");
        took.push(time.as_secs_f64() * 1e3);
    }
    client.cancel(&execution).await;
    client.watch(&execution).await;
    median_of(&mut took)
}

async fn resume(client: &Client, execution: &str, seen: &str, last: &str) -> Duration {
    let (asked, last) = (Instant::now(), format!(r#""id":"{last}""#));
    let mut socket = client.socket(execution, Some(seen)).await;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.contains(&last) => return asked.elapsed(),
            Some(Ok(_)) => {}
            other => panic!("the stream ends too early: {other:?}"),
        }
    }
}
