//! Lists of executions and of sessions, page by page.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::client::Client;
use tests::server::{Server, Setup};

mod defaults;
mod executions;
mod retention;
mod sessions;

over_every_server! { Setup::default() =>
    what_a_list_is_asked_for_is_checked: ["executions.list.limit", "executions.list.unknown-status", "executions.list.cursor", "sessions.list.limit", "sessions.list.unknown-status", "sessions.list.cursor", "format.query.unknown", "format.query.twice", "errors.field"],
}

const EXECUTIONS: &str = "/api/v1/claude/executions";
const SESSIONS: &str = "/api/v1/claude/sessions";

/// An execution that has ended.
async fn ended(client: &Client, workspace: &str, session: Option<&str>) -> (String, String) {
    let body =
        json!({ "workspace_id": workspace, "prompt": "[[text fine]]", "session_id": session });
    let (execution, session) = client.execute(&body).await;
    client.watch(&execution).await;
    (execution, session)
}

/// What a list answers to a query.
async fn list(client: &Client, path: &str, query: &str) -> Value {
    let answer = client.get(&format!("{path}?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {:?}", answer.body);
    answer.body
}

/// The ids in a page.
fn ids(page: &Value, of: &str) -> Vec<String> {
    let one = of.trim_end_matches('s');
    let items = page[of].as_array().expect("a page");
    let id = |item: &Value| {
        item[format!("{one}_id")]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    items.iter().map(id).collect()
}

/// All ids, page by page, with something done between the pages.
async fn pages(
    clients: &[Client],
    path: &str,
    query: &str,
    of: &str,
    mut between: impl AsyncFnMut(usize),
) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for page in 0.. {
        let client = &clients[page % clients.len()];
        let body = list(client, path, &format!("{query}{cursor}")).await;
        all.extend(ids(&body, of));
        let Some(next) = body["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        between(page).await;
    }
    let once: BTreeSet<&String> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "nothing twice: {all:?}");
    all
}

async fn what_a_list_is_asked_for_is_checked(server: Server) -> Server {
    let client = server.client();
    ended(client, "demo", None).await;
    ended(client, "demo", None).await;
    let own = list(client, EXECUTIONS, "limit=1").await["next_cursor"].clone();
    let other = list(client, SESSIONS, "limit=1").await["next_cursor"].clone();
    let (own, other) = (own.as_str().unwrap(), other.as_str().unwrap());
    for path in [EXECUTIONS, SESSIONS] {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=x", "limit"),
            ("limit=", "limit"),
            ("limit=-1", "limit"),
            ("limit=5&limit=5", "limit"),
            ("status=done", "status"),
            ("status=", "status"),
            ("status=Running", "status"),
            ("workspace_id=a%2Fb", "workspace_id"),
            ("workspace_id=", "workspace_id"),
            ("nosuch=1", "nosuch"),
            ("after=1-1", "after"),
        ] {
            let answer = client.get(&format!("{path}?{query}")).await;
            assert_eq!(
                (
                    answer.status,
                    answer.code(),
                    &answer.body["details"]["field"]
                ),
                (StatusCode::BAD_REQUEST, "INVALID_REQUEST", &json!(field)),
                "{path}?{query}"
            );
        }
        let foreign = if path == EXECUTIONS { other } else { own };
        for cursor in [
            "",
            "x",
            "1-1",
            "AAAA",
            foreign,
            &format!("{own}{own}"),
            "%00",
        ] {
            let answer = client.get(&format!("{path}?cursor={cursor}")).await;
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::BAD_REQUEST, "INVALID_CURSOR"),
                "{path}?cursor={cursor}"
            );
        }
    }
    let answer = client.get(&format!("{EXECUTIONS}?session_id=x")).await;
    assert_eq!(answer.body["details"]["field"], "session_id");
    let answer = client.get(&format!("{SESSIONS}?session_id=x")).await;
    assert_eq!(
        answer.body["details"]["field"], "session_id",
        "sessions have no such filter"
    );
    server
}
