//! How much is shown where no limit is given.

use futures_util::future::join_all;
use serde_json::json;
use tests::server::{Server, Setup};

use super::{EXECUTIONS, SESSIONS, ids, list};

over_every_server! { Setup::default() =>
    lists_show_fifty: ["executions.list.limit", "sessions.list.limit"],
    events_and_logs_show_some_hundred: ["events.limit", "logs.limit"],
}

async fn lists_show_fifty(server: Server) -> Server {
    let client = server.client();
    let begun = join_all((0..51).map(|_| client.submit("[[text fine]]"))).await;
    let watching = begun.iter().map(|(execution, _)| client.watch(execution));
    join_all(watching).await;
    for (path, of) in [(EXECUTIONS, "executions"), (SESSIONS, "sessions")] {
        let first = list(server.other(), path, "").await;
        assert_eq!(ids(&first, of).len(), 50, "{of}");
        let next = first["next_cursor"].as_str().unwrap();
        let rest = list(server.other(), path, &format!("cursor={next}")).await;
        assert_eq!(
            (ids(&rest, of).len(), &rest["next_cursor"]),
            (1, &json!(null)),
            "{of}"
        );
        assert_eq!(
            ids(&list(client, path, "limit=200").await, of).len(),
            51,
            "{of}"
        );
    }
    server
}

async fn events_and_logs_show_some_hundred(server: Server) -> Server {
    let client = server.client();
    let (execution, session) = client.submit("[[lines n=250 bytes=10]]").await;
    client.watch(&execution).await;
    let events = format!("{EXECUTIONS}/{execution}/events");
    let logs = format!("{SESSIONS}/{session}/logs");
    for (path, of, shown) in [(&events, "events", 200), (&logs, "logs", 100)] {
        let page = client.get(path).await.body;
        assert_eq!(page[of].as_array().map(Vec::len), Some(shown), "{of}");
    }
    server
}
