//! `GET /executions`.

use serde_json::json;
use tests::server::{Server, Setup};
use uuid::Uuid;

use super::{EXECUTIONS, ended, ids, list, pages};

over_every_server! { Setup::default().with("LONGSHORE_DRAIN", "1s") =>
    the_newest_come_first_and_filters_choose: ["executions.list.order", "executions.list.workspace_id", "executions.list.session_id", "executions.list.status"],
    pages_neither_skip_nor_repeat_while_more_is_accepted: ["executions.list.pages", "executions.list.next_cursor"],
    an_empty_list_is_a_list,
}

async fn the_newest_come_first_and_filters_choose(server: Server) -> Server {
    let (client, other) = (server.client(), server.other());
    let (a, first) = ended(client, "alpha", None).await;
    let (b, _) = ended(other, "beta", None).await;
    let (c, _) = ended(client, "alpha", Some(&first)).await;
    let (d, _) = other
        .execute(&json!({ "workspace_id": "alpha", "prompt": "[[crash]]" }))
        .await;
    other.watch(&d).await;
    let (e, busy) = client
        .execute(&json!({ "workspace_id": "beta", "prompt": "[[text on]][[hang]]", "metadata": {"n": 1.0} }))
        .await;
    let mut socket = client.socket(&e, None).await;
    while tests::client::next_frame(&mut socket).await.unwrap()["type"] != "claude_message" {}
    let (f, _) = client
        .execute(&json!({ "workspace_id": "beta", "prompt": "later", "session_id": busy }))
        .await;

    for (query, expected) in [
        ("", vec![&f, &e, &d, &c, &b, &a]),
        ("workspace_id=alpha", vec![&d, &c, &a]),
        ("workspace_id=beta", vec![&f, &e, &b]),
        ("workspace_id=gamma", vec![]),
        (&format!("session_id={first}"), vec![&c, &a]),
        (
            &format!("session_id={}", first.to_uppercase()),
            vec![&c, &a],
        ),
        (&format!("session_id={first}&workspace_id=beta"), vec![]),
        (&format!("session_id={}", Uuid::new_v4()), vec![]),
        ("status=completed", vec![&c, &b, &a]),
        ("status=failed", vec![&d]),
        ("status=running", vec![&e]),
        ("status=pending", vec![&f]),
        ("status=cancelled", vec![]),
        ("status=completed&workspace_id=alpha", vec![&c, &a]),
        (&format!("status=running&session_id={busy}"), vec![&e]),
        ("limit=2", vec![&f, &e]),
    ] {
        for client in [client, other] {
            let page = list(client, EXECUTIONS, query).await;
            let shown = ids(&page, "executions");
            assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{query}");
        }
    }
    let page = list(other, EXECUTIONS, "status=failed").await;
    assert_eq!(
        page["executions"][0],
        client.execution(&d).await,
        "each is whole"
    );
    let page = list(other, EXECUTIONS, "status=running").await;
    assert_eq!(
        page["executions"][0]["metadata"].to_string(),
        r#"{"n":1.0}"#
    );
    for execution in [&f, &e] {
        client.cancel(execution).await;
        client.watch(execution).await;
    }
    let page = list(client, EXECUTIONS, "status=cancelled").await;
    assert_eq!(ids(&page, "executions"), [f, e]);
    server
}

async fn pages_neither_skip_nor_repeat_while_more_is_accepted(server: Server) -> Server {
    let client = server.client();
    let mut all = Vec::new();
    for n in 0..9 {
        all.push(ended(client, ["one", "two"][n % 2], None).await.0);
    }
    all.reverse();
    for limit in [1, 2, 9, 200] {
        let query = format!("limit={limit}");
        let seen = pages(
            &server.clients,
            EXECUTIONS,
            &query,
            "executions",
            async |_| {
                ended(client, "one", None).await;
            },
        );
        let seen = seen.await;
        let old: Vec<_> = seen.iter().filter(|id| all.contains(id)).collect();
        assert_eq!(old, all.iter().collect::<Vec<_>>(), "limit {limit}");
    }
    let none = async |_| {};
    let failed = pages(
        &server.clients,
        EXECUTIONS,
        "limit=1&status=failed",
        "executions",
        none,
    );
    assert!(failed.await.is_empty());
    server
}

async fn an_empty_list_is_a_list(server: Server) -> Server {
    let page = list(server.client(), EXECUTIONS, "").await;
    assert_eq!(page, json!({ "executions": [], "next_cursor": null }));
    let page = list(server.client(), super::SESSIONS, "").await;
    assert_eq!(
        page,
        json!({ "sessions": [], "total": 0, "next_cursor": null })
    );
    server
}
