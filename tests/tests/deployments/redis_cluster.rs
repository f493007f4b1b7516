//! A Redis Cluster: every session on the node of its slot, and a node that is lost.

use std::collections::BTreeSet;

use serde_json::json;
use tests::process::PATIENCE;
use tests::reconnecting::follow;
use tests::redis_servers::RedisCluster;
use tests::server::{Server, Setup};
use tests::services::{Engines, engines};
use tokio::task::JoinSet;

/// What runs while a node is lost goes on, and what comes later runs; also when the node is back.
#[tokio::test]
async fn what_runs_outlives_a_node() {
    on_a_cluster(async |server, redis| {
        let mut following = JoinSet::new();
        let mut last = String::new();
        for _ in 0..8 {
            let (execution, _) = server.client().submit("[[lines n=100 rate=10]]").await;
            let (clients, followed) = (server.clients.clone(), execution.clone());
            following.spawn(async move { follow(&clients, &followed, PATIENCE).await });
            last = execution;
        }
        server.speaks(&last).await;
        redis.nodes[0].kill().await;
        for followed in following.join_all().await {
            let watched = followed.watched;
            assert_eq!(watched.status(), "completed", "{:#}", watched.end());
            assert_eq!(watched.of("status").count(), 1, "one attempt: {watched:#?}");
            assert_eq!(followed.gaps, 0, "nothing is missing");
        }
        completes(server, "on those that are left").await;
        redis.nodes[0].start_again().await;
        completes(server, "while the lost one is a replica").await;
    })
    .await;
}

/// Sessions lie on all nodes, and what is kept of all of them on others: lists, keys of requests, the fleet.
#[tokio::test]
async fn everything_works_over_many_nodes() {
    on_a_cluster(async |server, _| {
        let mut accepted = BTreeSet::new();
        let mut sessions = BTreeSet::new();
        for n in 0..12 {
            let (execution, session) = server.client().submit(&format!("[[text {n}]]")).await;
            sessions.insert(session);
            accepted.insert(execution);
        }
        let body = json!({"workspace_id": "demo", "prompt": "[[text once]]"});
        let once = server.client().execute_once("key", &body).await.body;
        let again = server.other().execute_once("key", &body).await.body;
        assert_eq!(once["execution_id"], again["execution_id"]);
        accepted.insert(once["execution_id"].as_str().expect("an id").to_owned());
        sessions.insert(once["session_id"].as_str().expect("an id").to_owned());
        for execution in &accepted {
            assert_eq!(server.ended(execution).await["status"], "completed");
        }
        assert_eq!(server.listed().await, accepted);

        let page = server
            .client()
            .get("/api/v1/claude/sessions?limit=100")
            .await;
        let listed = page.body["sessions"].as_array().expect("a list").iter();
        let listed = listed.filter_map(|session| session["session_id"].as_str());
        assert_eq!(listed.map(str::to_owned).collect::<BTreeSet<_>>(), sessions);

        let workers = server.client().get("/api/v1/claude/workers").await.body;
        assert_eq!(workers["workers"].as_array().expect("a list").len(), 2);
        let session = sessions.first().expect("a session");
        let logs = format!("/api/v1/claude/sessions/{session}/logs");
        let logs = server.other().get(&logs).await;
        assert_eq!(logs.status, 200, "{:#}", logs.body);
    })
    .await;
}

async fn on_a_cluster(test: impl AsyncFnOnce(&Server, &mut RedisCluster)) {
    let Some(shared) = engines() else { return };
    let mut redis = RedisCluster::start().await;
    let own = Engines {
        redis_url: redis.url(),
        ..shared
    };
    Server::cluster(Setup::default().on_own(&own), |server| async {
        test(&server, &mut redis).await;
        server
    })
    .await;
}

async fn completes(server: &Server, when: &str) {
    let watched = server.client().run(&format!("[[text {when}]]")).await;
    assert_eq!(watched.status(), "completed", "{:#}", watched.end());
}
