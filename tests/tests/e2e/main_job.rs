//! The main job: submitted to one API, run by a worker, watched on another API.

use serde_json::{Value, json};
use tests::client::next_frame;
use tests::server::{Server, Setup};
use tests::watcher::Watched;

over_every_server! { Setup::default() =>
    a_prompt_is_run_and_watched: [
        "execute.session_id.new", "format.id.session", "ws.frame.status", "ws.frame.end", "ws.close.1000",
    ],
    the_record_says_what_the_stream_said: [
        "execute.202", "execute.location", "executions.show", "executions.show.messages", "executions.show.progress",
        "executions.show.attempt", "executions.show.result", "run.turn",
    ],
    a_client_may_join_at_any_event: ["ws.resume"],
    a_client_may_join_at_any_time: ["ws.resume", "ws.resume.none", "ws.id.contiguous"],
    pages_hold_what_the_stream_held: ["events.page", "events.order", "events.next_after", "events.empty"],
    token_deltas_are_sent_where_asked_for: ["ws.frame.partial", "execute.stream"],
    progress_follows_the_turns: ["ws.frame.progress", "executions.show.progress"],
    every_prompt_reaches_the_cli_as_it_is: ["execute.prompt.verbatim"],
    options_reach_the_cli: [
        "execute.options", "execute.system_prompt", "execute.append_system_prompt", "execute.max_budget_usd",
        "run.workspace.made",
    ],
    many_run_at_once: ["run.parallel"],
}

async fn a_prompt_is_run_and_watched(server: Server) -> Server {
    let (execution, session) = server.client().submit("[[text Hello there]]").await;
    let watched = server.other().watch(&execution).await;
    assert_eq!(watched.text().trim(), "Hello there");
    assert_eq!(watched.status(), "completed");
    assert_eq!(watched.frames[0]["execution_id"], execution.as_str());
    let status = watched.of("status").next().unwrap();
    assert_eq!(*status, json!({ "status": "running", "attempt": 1 }));
    let lines: Vec<&Value> = watched.of("claude_message").collect();
    assert_eq!(lines[0]["type"], "system");
    assert_eq!(lines[lines.len() - 1]["type"], "result");
    assert!(
        lines
            .iter()
            .all(|line| line["session_id"] == session.as_str()),
        "the session's id is the CLI's own"
    );
    server
}

async fn the_record_says_what_the_stream_said(server: Server) -> Server {
    let before = server.client().post("/api/v1/claude/execute", &json!({
        "workspace_id": "demo", "prompt": "[[tool Bash {\"command\":\"echo hi\"}]][[text Done]]",
        "max_turns": 8, "metadata": { "ticket": 7 },
    })).await;
    let execution = before.body["execution_id"].as_str().unwrap();
    assert_eq!(
        before.headers["location"],
        format!("/api/v1/claude/executions/{execution}")
    );
    assert_eq!(
        before.body["websocket_url"],
        format!("/ws/executions/{execution}")
    );
    assert_eq!(
        before.body["events_url"],
        format!("/api/v1/claude/executions/{execution}/events")
    );
    assert_eq!(before.body["status"], "pending");
    let watched = server.other().watch(execution).await;
    let record = server.other().execution(execution).await;
    for (field, value) in [
        ("status", "completed"),
        ("workspace_id", "demo"),
        ("execution_id", execution),
    ] {
        assert_eq!(record[field], value);
    }
    assert_eq!(record["session_id"], before.body["session_id"]);
    assert_eq!(
        record["trace_id"],
        before.headers["x-trace-id"].to_str().unwrap()
    );
    assert_eq!(record["metadata"], json!({ "ticket": 7 }));
    assert_eq!(
        (&record["turns"], &record["progress"], &record["attempt"]),
        (&json!(2), &json!(1.0), &json!(1))
    );
    assert_eq!(record["messages"], watched.of("claude_message").count());
    assert_eq!(record["result"], watched.end()["result"]);
    assert_eq!(record["error"], Value::Null);
    let line = watched.of("claude_message").last().unwrap();
    assert_eq!(record["result"]["text"], line["result"]);
    assert_eq!(record["result"]["model_usage"], line["modelUsage"]);
    assert_eq!(record["result"]["total_cost_usd"], line["total_cost_usd"]);
    let times = ["created_at", "started_at", "ended_at"]
        .map(|name| record[name].as_str().unwrap().to_owned());
    assert!(
        times
            .iter()
            .all(|time| time.len() == 24 && time.ends_with('Z')),
        "{times:?}"
    );
    server
}

async fn a_client_may_join_at_any_event(server: Server) -> Server {
    let whole = server.client().run("[[lines n=12]]").await;
    let execution = whole.frames[0]["execution_id"].as_str().unwrap().to_owned();
    let ids: Vec<String> = whole.ids().map(str::to_owned).collect();
    for (place, after) in ids.iter().enumerate() {
        let client = &server.clients[place % server.clients.len()];
        let joined = client.watch_after(&execution, Some(after)).await;
        let seen: Vec<&str> = joined.ids().collect();
        assert_eq!(seen, ids[place + 1..], "after {after}");
        assert_eq!(joined.frames[0]["data"]["resumed_after"], after.as_str());
        assert_eq!(
            joined.frames[0]["data"]["last_id"],
            ids[ids.len() - 1].as_str()
        );
    }
    server
}

/// Eight clients join, leave and come back while it runs, each on one API after the other.
async fn a_client_may_join_at_any_time(server: Server) -> Server {
    let (execution, _) = server.client().submit("[[lines n=120 rate=200]]").await;
    let reconnecting = (1..=8).map(|stay| {
        let (clients, execution) = (server.clients.clone(), execution.clone());
        tokio::spawn(async move {
            let mut after: Option<String> = None;
            let mut seen = Vec::new();
            for round in 0.. {
                let client = &clients[round % clients.len()];
                let mut socket = client.socket(&execution, after.as_deref()).await;
                let mut left = stay * 5;
                while left > 0 {
                    let Ok(frame) = next_frame(&mut socket).await else {
                        return seen;
                    };
                    if let Some(id) = frame["id"].as_str() {
                        seen.push(id.to_owned());
                        after = Some(id.to_owned());
                        left -= 1;
                    }
                }
            }
            seen
        })
    });
    let reconnecting: Vec<_> = reconnecting.collect();
    let whole = server.other().watch(&execution).await;
    let ids: Vec<&str> = whole.ids().collect();
    for reader in reconnecting {
        assert_eq!(reader.await.unwrap(), ids);
    }
    server
}

async fn pages_hold_what_the_stream_held(server: Server) -> Server {
    let watched = server.client().run("[[lines n=30]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let recorded = watched.recorded();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let query = after
            .map(|after: String| format!("&after={after}"))
            .unwrap_or_default();
        let page = server
            .other()
            .get(&format!(
                "/api/v1/claude/executions/{execution}/events?limit=7{query}"
            ))
            .await;
        let events = page.body["events"].as_array().unwrap().clone();
        if events.is_empty() {
            assert_eq!(page.body["next_after"], Value::Null);
            break;
        }
        assert!(events.len() <= 7);
        assert_eq!(page.body["next_after"], events[events.len() - 1]["id"]);
        after = page.body["next_after"].as_str().map(str::to_owned);
        paged.extend(events);
    }
    assert_eq!(paged.iter().collect::<Vec<_>>(), recorded);
    server
}

async fn token_deltas_are_sent_where_asked_for(server: Server) -> Server {
    let body = json!({ "workspace_id": "demo", "prompt": "[[sleep ms=300]][[partials n=10]]", "stream": true });
    let (execution, _) = server.client().execute(&body).await;
    let watched = server.other().watch(&execution).await;
    assert!(
        watched
            .of("partial")
            .all(|line| line["type"] == "stream_event")
    );
    assert!(watched.of("partial").count() >= 10, "{:#?}", watched.frames);
    assert!(
        watched
            .of("claude_message")
            .all(|line| line["type"] != "stream_event")
    );
    let again = server.client().watch(&execution).await;
    assert_eq!(again.of("partial").count(), 0, "they are not recorded");
    let silent = server.client().run("[[partials n=10]]").await;
    assert_eq!(silent.of("partial").count(), 0);
    server
}

async fn progress_follows_the_turns(server: Server) -> Server {
    let body = json!({ "workspace_id": "demo", "prompt": "[[sleep ms=300]][[lines n=4 rate=20]]", "max_turns": 10 });
    let (execution, _) = server.client().execute(&body).await;
    let watched = server.other().watch(&execution).await;
    let turns: Vec<u64> = watched
        .of("progress")
        .map(|data| data["turns"].as_u64().unwrap())
        .collect();
    assert_eq!(turns, [1, 2, 3, 4]);
    let last = watched.of("progress").last().unwrap();
    assert_eq!(last["progress"], json!(0.4));
    let body = json!({ "workspace_id": "demo", "prompt": "[[sleep ms=300]][[lines n=3 rate=20]]" });
    let (execution, _) = server.client().execute(&body).await;
    let watched = server.other().watch(&execution).await;
    let progress: Vec<_> = watched
        .of("progress")
        .map(|data| &data["progress"])
        .collect();
    assert_eq!(progress, [0.0; 3], "0 where there is no limit of turns");
    server
}

async fn every_prompt_reaches_the_cli_as_it_is(server: Server) -> Server {
    let large = "x".repeat((1 << 20) - 8);
    for start in [
        "-p",
        "--help",
        "/nosuch",
        "@/etc/hostname",
        " \n\t",
        "\u{1b}[2J\u{2028}ä",
        "\"\\'$(id)`",
        &large,
    ] {
        let prompt = format!("{start}[[hash]]");
        let expected = format!(
            "bytes={} fnv={:016x}",
            prompt.len(),
            fake_claude::fnv1a(prompt.as_bytes())
        );
        let watched = server.client().run(&prompt).await;
        assert_eq!(watched.text().trim(), expected, "{:.20}", start);
    }
    server
}

async fn options_reach_the_cli(server: Server) -> Server {
    let body = json!({
        "workspace_id": "team.web_2", "prompt": "[[args]][[cwd]]", "model": "claude-haiku", "max_turns": 3,
        "tools": ["Bash(git log, git diff:*)", "Read"], "system_prompt": "Be brief.", "append_system_prompt": "And kind.", "max_budget_usd": 0.5,
    });
    let (execution, _) = server.client().execute(&body).await;
    let text = server.client().watch(&execution).await.text();
    for expected in [
        "--model=claude-haiku",
        "--max-turns=3",
        "--allowedTools=Bash(git log, git diff:*),Read",
        "--max-budget-usd=0.5",
        "--system-prompt-file=",
        "--append-system-prompt-file=",
        "--setting-sources=user",
        "--strict-mcp-config",
        "/workspaces/team.web_2",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    server
}

async fn many_run_at_once(server: Server) -> Server {
    let mut watching = Vec::new();
    for n in 0..40 {
        let (client, other) = (server.client().clone(), server.other().clone());
        watching.push(tokio::spawn(async move {
            let (execution, _) = client
                .submit(&format!("[[lines n=20]][[text number {n}]]"))
                .await;
            (n, other.watch(&execution).await)
        }));
    }
    for watched in watching {
        let (n, watched): (i32, Watched) = watched.await.unwrap();
        assert!(watched.text().contains(&format!("number {n}")));
        assert_eq!(watched.status(), "completed");
    }
    server
}
