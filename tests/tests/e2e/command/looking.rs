//! The commands that look at what there is, and end it.

use serde_json::Value;
use tests::server::{Server, Setup};
use uuid::Uuid;

use super::{longshore, text};

over_every_server! { Setup::default() =>
    executions_are_listed_and_shown: ["command.lists", "command.json"],
    sessions_are_listed_shown_and_closed: ["command.lists", "command.json"],
    what_was_said_is_printed_again: ["command.logs", "command.json"],
    workers_are_listed: ["command.workers", "command.json"],
    an_execution_is_watched_and_cancelled: ["command.watch", "command.cancel", "command.json"],
    what_is_not_there_is_named_with_what_to_do: ["command.lists"],
}

/// The rows of a table in a pipe.
fn rows(printed: &[u8]) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text(printed).lines().map(cells).collect()
}

fn json_lines(printed: &[u8]) -> Vec<Value> {
    let printed = text(printed);
    let lines = printed.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn executions_are_listed_and_shown(server: Server) -> Server {
    let client = server.client();
    let (first, session) = client.submit("[[text one]]").await;
    client.watch(&first).await;
    let (second, _) = client.submit("[[exit code=3]]").await;
    client.watch(&second).await;
    let all = longshore(server.other(), &["executions"]).await;
    let listed = rows(&all.stdout);
    assert_eq!(listed.len(), 2, "{all:?}");
    assert_eq!(listed[0][..3], [&*second, "failed", "demo"]);
    assert_eq!(listed[1][..3], [&*first, "completed", "demo"]);
    assert!(
        listed[1][3].ends_with(" ago") && listed[1][6].starts_with("$0."),
        "{listed:?}"
    );
    for filter in [["--status", "completed"], ["--session", &session]] {
        let some = longshore(client, &[&["executions"], &filter[..]].concat()).await;
        assert_eq!(rows(&some.stdout)[0][0], first);
        assert_eq!(rows(&some.stdout).len(), 1);
    }
    let none = longshore(client, &["executions", "-w", "other"]).await;
    assert!(none.stdout.is_empty() && none.status.success(), "{none:?}");
    let one = longshore(client, &["executions", "-n", "1", "--json"]).await;
    let shown = client.execution(&second).await;
    assert_eq!(json_lines(&one.stdout)[0], shown);
    let one = longshore(client, &["executions", &second, "--json"]).await;
    assert_eq!(json_lines(&one.stdout), [shown]);
    let facts = text(&longshore(client, &["executions", &second]).await.stdout);
    assert!(facts.contains("status                 failed\n"), "{facts}");
    assert!(facts.contains("CLI_EXITED"), "{facts}");
    server
}

async fn sessions_are_listed_shown_and_closed(server: Server) -> Server {
    let client = server.client();
    let (execution, session) = client.submit("[[text one]]").await;
    client.watch(&execution).await;
    let listed = rows(&longshore(server.other(), &["sessions"]).await.stdout);
    assert_eq!(listed[0][..3], [&*session, "idle", "demo"]);
    let closed = longshore(client, &["sessions", &session, "--close", "--json"]).await;
    assert_eq!(json_lines(&closed.stdout)[0]["status"], "closed");
    let open = longshore(client, &["sessions", "--status", "idle"]).await;
    assert!(open.stdout.is_empty(), "{open:?}");
    let refused = longshore(client, &["run", "--session", &session, "x"]).await;
    let said = text(&refused.stderr);
    assert!(
        said.contains("(SESSION_CLOSED)\n") && said.contains("Without --session"),
        "{said}"
    );
    server
}

async fn what_was_said_is_printed_again(server: Server) -> Server {
    let client = server.client();
    let prompt = r#"[[text Hello]][[tool Bash {"command":"echo one"}]][[text Bye]]"#;
    let (execution, session) = client.submit(prompt).await;
    let watched = client.watch(&execution).await;
    for args in [
        vec!["logs", &*session],
        vec!["logs", "--execution", &execution],
    ] {
        let logs = text(&longshore(server.other(), &args).await.stdout);
        assert!(
            logs.starts_with("Hello\n→ Bash echo one\n← one\nBye\n\ncompleted · "),
            "{logs}"
        );
        let args = [&args[..], &["--json"]].concat();
        let frames = json_lines(&longshore(server.other(), &args).await.stdout);
        let ids: Vec<_> = frames
            .iter()
            .map(|frame| frame["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, watched.ids().collect::<Vec<_>>());
    }
    server
}

async fn workers_are_listed(server: Server) -> Server {
    let count = server.workers.len().max(1);
    let output = longshore(server.client(), &["workers"]).await;
    let listed = rows(&output.stdout);
    assert_eq!(listed.len(), count, "{output:?}");
    assert!(
        listed[0][0].starts_with("worker-") && listed[0][2] == "idle",
        "{listed:?}"
    );
    assert!(listed[0][3].starts_with("0/"), "{listed:?}");
    let summary = text(&output.stderr);
    assert!(
        summary.starts_with("0 pending, 0 in the queue, 0 of "),
        "{summary}"
    );
    let json = json_lines(
        &longshore(server.other(), &["workers", "--json"])
            .await
            .stdout,
    );
    assert_eq!(json[0]["workers"].as_array().unwrap().len(), count);
    assert_eq!(json[0]["stats"]["engines"]["store"], "ok");
    server
}

async fn an_execution_is_watched_and_cancelled(server: Server) -> Server {
    let client = server.client();
    let detached = longshore(client, &["run", "--detach", "[[text Hello]][[hang]]"]).await;
    let execution = text(&detached.stdout).trim().to_owned();
    let cancelled = longshore(server.other(), &["cancel", &execution]).await;
    assert!(
        text(&cancelled.stdout).starts_with(&format!("{execution} is ")),
        "{cancelled:?}"
    );
    let watched = longshore(server.other(), &["watch", &execution, "--json"]).await;
    assert_eq!(watched.status.code(), Some(1), "it did not complete");
    let frames = json_lines(&watched.stdout);
    assert_eq!(frames[0]["type"], "subscribed");
    let end = frames.last().unwrap();
    assert_eq!(
        (&end["type"], &end["data"]["status"]),
        (&"end".into(), &"cancelled".into())
    );
    let before = frames
        .iter()
        .rev()
        .nth(1)
        .and_then(|frame| frame["id"].as_str());
    if let Some(before) = before {
        let args = ["watch", &execution, "--after", before, "--json"];
        let rest = json_lines(&longshore(client, &args).await.stdout);
        assert_eq!(rest.last(), Some(end));
        assert_eq!(
            rest.iter().filter(|frame| frame["id"].is_string()).count(),
            1,
            "{rest:#?}"
        );
    }
    let again = longshore(client, &["cancel", &execution, "--json"]).await;
    assert_eq!(json_lines(&again.stdout)[0]["status"], "cancelled");
    server
}

async fn what_is_not_there_is_named_with_what_to_do(server: Server) -> Server {
    let unknown = Uuid::now_v7().to_string();
    for (args, code, advice) in [
        (
            ["executions", &unknown],
            "(EXECUTION_NOT_FOUND)",
            "`longshore executions` lists",
        ),
        (
            ["cancel", &unknown],
            "(EXECUTION_NOT_FOUND)",
            "`longshore executions` lists",
        ),
        (
            ["sessions", &unknown],
            "(SESSION_NOT_FOUND)",
            "`longshore sessions` lists",
        ),
        (
            ["logs", &unknown],
            "(SESSION_NOT_FOUND)",
            "`longshore sessions` lists",
        ),
    ] {
        let output = longshore(server.client(), &args).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with("error: ") && said.contains(code) && said.contains(advice),
            "{said}"
        );
    }
    server
}
