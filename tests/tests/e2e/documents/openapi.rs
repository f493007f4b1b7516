//! What the API answers is what its OpenAPI document says.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::{Answer, Client, next_frame};
use tests::document::Document;
use tests::server::{Server, Setup};
use uuid::Uuid;

over_every_server! { Setup::default() =>
    the_document_has_every_method: ["openapi.document"],
    answers_are_as_described: [
        "openapi.true", "format.json", "format.time", "format.id.execution", "executions.show.fields", "sessions.show.fields", "executions.show.unknown-null", "executions.show.attempt", "health.healthz", "health.readyz",
    ],
    refusals_are_as_described: ["openapi.true", "errors.shape"],
}

/// As servers are by themselves; the others here have no limit, and describe none.
mod limited {
    use super::*;

    over_every_server! { Setup::default().with("LONGSHORE_RATE_LIMIT", "1").with("LONGSHORE_RATE_BURST", "1") =>
        the_document_is_the_committed_one: ["openapi.file"],
        a_refusal_for_its_rate_is_as_described: ["openapi.true"],
    }

    async fn the_document_is_the_committed_one(server: Server) -> Server {
        let served = Document::served(server.other()).await;
        assert!(
            served == Document::committed("openapi.yaml"),
            "make api-docs writes it"
        );
        server
    }

    async fn a_refusal_for_its_rate_is_as_described(server: Server) -> Server {
        let document = Document::served(server.client()).await;
        for status in [400, 429] {
            let answer = server.client().post(EXECUTE, &json!({})).await;
            assert_eq!(answer.status, status, "{}", answer.body);
            document.check("post", EXECUTE, &answer);
        }
        server
    }
}

mod with_a_key {
    use tests::tokens::{SECRET, Token};

    use super::*;

    over_every_server! { Setup::default().with("LONGSHORE_JWT_SECRET", SECRET) =>
        a_refused_caller_is_as_described: ["openapi.true"],
    }

    async fn a_refused_caller_is_as_described(server: Server) -> Server {
        let client = server.client();
        let document = Document::served(client).await;
        let reader = Token::of("alice").with("scope", json!("read")).signed();
        for (client, status) in [
            (client.clone(), 401),
            (client.with_token("nosuch"), 401),
            (client.with_token(&reader), 403),
        ] {
            let body = json!({ "workspace_id": "demo", "prompt": "x" });
            let answer = client.post(EXECUTE, &body).await;
            assert_eq!(answer.status, status, "{}", answer.body);
            document.check("post", EXECUTE, &answer);
        }
        for path in [EXECUTION, EVENTS, EXECUTIONS, SESSION, SESSIONS, LOGS] {
            let answer = get(&document, client, path, "x", "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        server
    }
}

const EXECUTE: &str = "/api/v1/claude/execute";
const EXECUTION: &str = "/api/v1/claude/executions/{id}";
const CANCEL: &str = "/api/v1/claude/executions/{id}/cancel";
const EXECUTIONS: &str = "/api/v1/claude/executions";
const SESSIONS: &str = "/api/v1/claude/sessions";
const SESSION: &str = "/api/v1/claude/sessions/{id}";
const LOGS: &str = "/api/v1/claude/sessions/{id}/logs";
const EVENTS: &str = "/api/v1/claude/executions/{id}/events";

/// By what each path says it takes.
async fn the_document_has_every_method(server: Server) -> Server {
    let document = Document::served(server.client()).await;
    for (path, item) in document.0["paths"].as_object().unwrap() {
        let mut described: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        described.sort_unstable();
        let path = path.replace("{id}", &Uuid::now_v7().to_string());
        let request = server.client().request(Method::PATCH, &path);
        let answer = server.client().send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let mut taken: Vec<String> = answer.headers["allow"]
            .to_str()
            .unwrap()
            .split(',')
            .filter(|method| *method != "HEAD")
            .map(str::to_lowercase)
            .collect();
        taken.sort_unstable();
        assert_eq!(taken, described, "{path}");
    }
    server
}

/// Checks one answer by the document.
async fn get(
    document: &Document,
    client: &Client,
    template: &str,
    id: &str,
    query: &str,
) -> Answer {
    let answer = client
        .get(&format!("{}{query}", template.replace("{id}", id)))
        .await;
    document.check("get", template, &answer);
    answer
}

async fn answers_are_as_described(server: Server) -> Server {
    let (client, other) = (server.client(), server.other());
    let document = Document::served(client).await;
    let body = json!({
        "workspace_id": "demo", "prompt": "[[text started]][[hang]]", "max_turns": 4, "metadata": { "a": [1] },
    });
    let accepted = client.post(EXECUTE, &body).await;
    document.check("post", EXECUTE, &accepted);
    let running = accepted.body["execution_id"].as_str().unwrap();
    let mut socket = other.socket(running, None).await;
    while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
    let session = &accepted.body["session_id"];
    let body = json!({ "workspace_id": "demo", "prompt": "x", "session_id": session });
    let (waiting, _) = client.execute(&body).await;
    let pending = get(&document, other, EXECUTION, &waiting, "").await;
    assert_eq!(pending.body["status"], "pending");
    for unknown in [
        "attempt",
        "started_at",
        "ended_at",
        "result",
        "error",
        "metadata",
    ] {
        assert_eq!(pending.body[unknown], Value::Null, "{unknown}");
    }
    let ids = [running, &waiting].map(|id| Uuid::parse_str(id).unwrap());
    assert_eq!(ids.map(|id| id.get_version_num()), [7, 7]);
    assert!(ids[0] < ids[1], "ids sort by the time of acceptance");
    let answer = get(&document, other, EXECUTION, running, "").await;
    assert_eq!(answer.body["status"], "running");
    get(&document, other, EVENTS, &waiting, "").await;
    get(&document, other, EVENTS, running, "?limit=2").await;
    for (id, status) in [(&waiting[..], 202), (&waiting, 200), (running, 202)] {
        let answer = other.cancel(id).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        document.check("post", CANCEL, &answer);
    }
    client.watch(running).await;
    get(&document, other, EXECUTION, running, "").await;
    for prompt in [
        "[[text fine]]",
        "[[exit code=3 stderr=no]]",
        "[[error subtype=error_max_turns]]",
    ] {
        let watched = client.run(prompt).await;
        let id = watched.frames[0]["execution_id"].as_str().unwrap();
        let answer = get(&document, other, EXECUTION, id, "").await;
        assert_eq!(answer.body["status"], watched.status(), "{prompt}");
        get(&document, other, EVENTS, id, "").await;
        let gap = get(&document, other, EVENTS, id, "?after=9-9").await;
        assert_eq!(gap.body["events"][0]["type"], "gap");
    }
    let session = session.as_str().unwrap();
    for (path, query) in [
        (EXECUTIONS, ""),
        (EXECUTIONS, "?limit=1"),
        (SESSIONS, ""),
        (SESSIONS, "?limit=1"),
    ] {
        get(&document, other, path, "", query).await;
    }
    for query in ["", "?limit=1", "?order=desc"] {
        get(&document, other, LOGS, session, query).await;
    }
    get(&document, other, SESSION, session, "").await;
    let closing = client.request(Method::DELETE, &SESSION.replace("{id}", session));
    document.check("delete", SESSION, &client.send(closing).await);
    get(&document, other, SESSION, session, "").await;
    get(&document, other, "/healthz", "", "").await;
    get(&document, other, "/readyz", "", "").await;
    get(&document, other, "/openapi.json", "", "").await;
    server
}

async fn refusals_are_as_described(server: Server) -> Server {
    let client = server.client();
    let document = Document::served(client).await;
    let unknown = Uuid::now_v7().to_string();
    for (id, query, status) in [
        (&unknown[..], "", 404),
        ("nosuch", "", 404),
        (&unknown, "?limit=0", 400),
        (&unknown, "?after=x", 400),
        (&unknown, "?full=1", 400),
    ] {
        let answer = get(&document, client, EVENTS, id, query).await;
        assert_eq!(answer.status, status, "{id}{query}");
    }
    get(&document, client, EXECUTION, &unknown, "").await;
    get(&document, client, SESSION, &unknown, "").await;
    get(&document, client, LOGS, &unknown, "").await;
    for path in [EXECUTIONS, SESSIONS] {
        get(&document, client, path, "", "?cursor=x").await;
        get(&document, client, path, "", "?status=x").await;
    }
    let other = client.request(Method::DELETE, &SESSION.replace("{id}", &unknown));
    document.check("delete", SESSION, &client.send(other).await);
    let plain = get(&document, client, "/ws/executions/{id}", &unknown, "").await;
    assert_eq!(plain.status, StatusCode::UPGRADE_REQUIRED);
    get(&document, client, "/openapi.json", "", "?pretty=1").await;
    document.check("post", CANCEL, &client.cancel(&unknown).await);
    let post = || client.request(Method::POST, EXECUTE);
    let json = |body: Value| post().json(&body);
    for (request, status) in [
        (json(json!({ "workspace_id": "demo" })), 400),
        (json(json!([])), 400),
        (
            post().header("content-type", "application/json").body("{"),
            400,
        ),
        (
            json(json!({ "workspace_id": "demo", "prompt": "x", "session_id": unknown })),
            404,
        ),
        (post().body("{}"), 415),
        (
            post()
                .header("content-type", "application/json")
                .body(vec![b' '; 11 << 20]),
            413,
        ),
        (json(json!({})).header("host", "evil.example"), 403),
    ] {
        let answer = client.send(request).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        document.check("post", EXECUTE, &answer);
    }
    server
}
