//! Clients that do not read.

use std::time::Duration;

use futures_util::SinkExt as _;
use tests::client::next_frame;
use tests::server::{Server, Setup};
use tests::watcher::Watched;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

over_every_server! { Setup::default().with("LONGSHORE_LOG", "info,longshore_api=debug") =>
    who_reads_late_loses_nothing: ["ws.slow", "ws.id.contiguous"],
    who_takes_nothing_is_closed_and_may_come_back: ["ws.close.4408", "ws.slow", "ws.resume"],
}

/// More than sockets and the server itself hold for a client.
const LARGE: &str = "[[sleep ms=500]][[lines n=5000 bytes=6000]]";

async fn who_reads_late_loses_nothing(server: Server) -> Server {
    let (execution, _) = server.client().submit(LARGE).await;
    let late = server.client().socket(&execution, None).await;
    let whole = server.other().watch(&execution).await;
    let late = Watched::to_end(late, None).await;
    assert_eq!(
        late.ids().collect::<Vec<_>>(),
        whole.ids().collect::<Vec<_>>()
    );
    server
}

async fn who_takes_nothing_is_closed_and_may_come_back(server: Server) -> Server {
    let (execution, _) = server.client().submit(LARGE).await;
    let mut deaf = server.client().socket(&execution, None).await;
    // It lives and takes nothing. Whoever gives no sign of life either is gone, and is told nothing.
    let closing = async {
        for look in 0.. {
            if server.apis[0].output().contains("TooSlow") {
                return;
            }
            if look % 100 == 0 {
                let _ = deaf.send(Message::Pong("still here".into())).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // The server waits for a minute.
    timeout(Duration::from_secs(120), closing)
        .await
        .expect("the server closes");
    let mut seen = Vec::new();
    let code = loop {
        match next_frame(&mut deaf).await {
            Ok(frame) => seen.extend(frame["id"].as_str().map(str::to_owned)),
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4408);
    let rest = server
        .other()
        .watch_after(&execution, seen.last().map(String::as_str))
        .await;
    seen.extend(rest.ids().map(str::to_owned));
    let whole = server.client().watch(&execution).await;
    assert_eq!(seen, whole.ids().collect::<Vec<_>>());
    server
}
