//! `GET /sessions`.

use serde_json::json;
use tests::server::{Server, Setup};

use super::{SESSIONS, ended, ids, list, pages};

over_every_server! { Setup::default().with("LONGSHORE_DRAIN", "1s") =>
    the_last_active_comes_first_and_filters_choose: ["sessions.list.order", "sessions.list.workspace_id", "sessions.list.status", "sessions.list.total", "sessions.status"],
    pages_neither_skip_nor_repeat_while_sessions_go_on: ["sessions.list.pages"],
}

async fn the_last_active_comes_first_and_filters_choose(server: Server) -> Server {
    let (client, other) = (server.client(), server.other());
    let (_, a) = ended(client, "alpha", None).await;
    let (_, b) = ended(other, "beta", None).await;
    let (_, c) = ended(client, "alpha", None).await;
    let (running, d) = client
        .execute(&json!({ "workspace_id": "beta", "prompt": "[[text on]][[hang]]" }))
        .await;
    let expect = async |query: &str, expected: &[&String], total: usize| {
        for client in [client, other] {
            let page = list(client, SESSIONS, query).await;
            let shown = ids(&page, "sessions");
            assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{query}");
            assert_eq!(page["total"], total, "{query}");
        }
    };
    expect("", &[&d, &c, &b, &a], 4).await;
    expect("limit=2", &[&d, &c], 4).await;
    expect("workspace_id=alpha", &[&c, &a], 2).await;
    expect("status=active", &[&d], 1).await;
    expect("status=idle", &[&c, &b, &a], 3).await;
    expect("status=closed", &[], 0).await;
    ended(other, "alpha", Some(&a)).await;
    expect("", &[&a, &d, &c, &b], 4).await;
    let closed = client
        .send(client.request(reqwest::Method::DELETE, &format!("{SESSIONS}/{b}")))
        .await;
    assert_eq!(closed.body, json!({ "message": "Session closed" }));
    expect("status=closed", &[&b], 1).await;
    expect("status=idle&workspace_id=beta", &[], 0).await;
    client.cancel(&running).await;
    client.watch(&running).await;
    expect("status=active", &[], 0).await;
    expect("", &[&d, &b, &a, &c], 4).await;
    let page = list(client, SESSIONS, "limit=1").await;
    let one = client.get(&format!("{SESSIONS}/{d}")).await;
    assert_eq!(page["sessions"][0], one.body, "each is whole");
    server
}

async fn pages_neither_skip_nor_repeat_while_sessions_go_on(server: Server) -> Server {
    let client = server.client();
    for _ in 0..6 {
        ended(client, "demo", None).await;
    }
    for query in [
        "limit=1",
        "limit=4",
        "limit=2&workspace_id=demo",
        "limit=3&status=idle",
    ] {
        let order = ids(&list(client, SESSIONS, "limit=200").await, "sessions");
        // Between the pages the last one goes on, which was not shown yet, and the first, which was, and one begins.
        let seen = pages(&server.clients, SESSIONS, query, "sessions", async |page| {
            let touched = [&order[order.len() - 1], &order[0]][page % 2];
            ended(client, "demo", Some(touched)).await;
            ended(client, "demo", None).await;
        });
        assert_eq!(
            seen.await,
            order,
            "{query}: as it was when the first page was read"
        );
    }
    server
}
