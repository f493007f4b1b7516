//! Many executions of one session while its workers die: one at a time, in the order in which they were accepted.

use nix::sys::signal::Signal;
use serde_json::json;
use tests::client::Client;
use tests::process::until;
use tests::server::{Server, Setup};
use tests::services::engines;

const EXECUTIONS: usize = 300;
/// Submitted side by side, each by an API of its own.
const APIS: usize = 3;
const CRASHES: usize = 4;

#[tokio::test]
async fn a_session_keeps_its_order_while_its_workers_die() {
    if engines().is_none() {
        return;
    }
    let setup = Setup {
        apis: APIS,
        workers: 3,
        ..Setup::default()
    };
    Server::cluster(
        setup.with("LONGSHORE_LEASE", "3s"),
        |mut server| async move {
            let (first, session) = server.client().submit("[[text first]]").await;
            let submitting = server.clients.clone().into_iter().map(|client| {
                tokio::spawn(submit(client, session.clone(), (EXECUTIONS - 1) / APIS))
            });
            let submitting: Vec<_> = submitting.collect();
            for crash in 1..=CRASHES {
                let begun = EXECUTIONS / (CRASHES + 1) * crash;
                until(|| server.starts().len() >= begun).await;
                let mut killed = server.workers.remove(0);
                killed.signal(Signal::SIGKILL);
                killed.exit().await;
                server.start_worker().await;
            }
            let mut accepted = vec![first];
            for submitted in submitting {
                accepted.extend(submitted.await.expect("a client does not panic"));
            }
            server.settled(&accepted).await;
            assert_eq!(begun_in_order(&server), in_order(&server, &session).await);
            server
        },
    )
    .await;
}

async fn submit(client: Client, session: String, count: usize) -> Vec<String> {
    let body = json!({ "workspace_id": "demo", "prompt": "[[text more]]", "session_id": session });
    let mut accepted = Vec::new();
    for _ in 0..count {
        accepted.push(client.execute(&body).await.0);
    }
    accepted
}

/// Each once, where it was begun first.
fn begun_in_order(server: &Server) -> Vec<String> {
    let mut begun = server.starts();
    begun.dedup(); // Who begins again after a crash is still the oldest.
    begun
}

/// As the session numbers them.
async fn in_order(server: &Server, session: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/claude/executions?session_id={session}&limit=100{cursor}");
        let page = server.client().get(&path).await.body;
        let executions = page["executions"].as_array().expect("a list");
        let listed = executions
            .iter()
            .filter_map(|one| one["execution_id"].as_str());
        ids.extend(listed.map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    ids.reverse(); // The newest are listed first.
    ids
}
