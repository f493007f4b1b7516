//! RabbitMQ on three nodes, of which any one may be lost.

use std::time::Duration;

use serde_json::json;
use tests::process::PATIENCE;
use tests::rabbitmq_servers::RabbitServer;
use tests::reconnecting::follow;
use tests::server::{Server, Setup};
use tests::services::{Engines, engines};
use tokio::time::{sleep, timeout};

/// One node after the other is killed and comes back, so that the one that leads the queue is among them: what runs goes
/// on, what waits is run, and what comes meanwhile is taken; each once.
#[tokio::test]
async fn jobs_outlive_any_one_node() {
    let Some(shared) = engines() else { return };
    let first = RabbitServer::start("").await;
    let (second, third) = tokio::join!(RabbitServer::join(&first), RabbitServer::join(&first));
    let nodes = [&first, &second, &third];
    let hosts: Vec<String> = nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port()))
        .collect();
    let own = Engines {
        amqp_url: format!("amqp://guest:guest@{}/%2f", hosts.join(",")),
        ..shared
    };
    let setup = Setup::default().on_own(&own).with("LONGSHORE_SLOTS", "1");
    Server::cluster(setup, |server| async {
        for (n, node) in nodes.iter().enumerate() {
            let mut accepted = Vec::new();
            for _ in 0..6 {
                accepted.push(server.client().submit("[[lines n=30 rate=10]]").await.0);
            }
            server.speaks(&accepted[0]).await;
            node.kill().await;
            accepted.push(taken_meanwhile(&server, n).await);
            for execution in &accepted {
                let watched = follow(&server.clients, execution, PATIENCE * 2)
                    .await
                    .watched;
                assert_eq!(watched.status(), "completed", "{:#}", watched.end());
                assert_eq!(watched.of("status").count(), 1, "one attempt: {watched:#?}");
            }
            node.start_again().await;
        }
        server
    })
    .await;
}

/// A client that is refused asks again, as every client does.
async fn taken_meanwhile(server: &Server, n: usize) -> String {
    let body = json!({"workspace_id": "demo", "prompt": "[[text meanwhile]]"});
    let asked = async {
        loop {
            let answer = server
                .other()
                .execute_once(&format!("meanwhile {n}"), &body)
                .await;
            if answer.status == 202 {
                return answer.body["execution_id"]
                    .as_str()
                    .expect("an id")
                    .to_owned();
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("it is taken")
}
