//! An API dies between what it must do for one request.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tests::client::Client;
use tests::process::PATIENCE;
use tests::proxy::Proxy;
use tests::server::{Server, Setup};
use tests::services::engines;
use tokio::time::{sleep, timeout};

/// Recorded, and killed before the broker had the job: a worker finds it, and it runs once.
#[tokio::test]
async fn what_was_recorded_and_not_queued_runs() {
    let Some(engines) = engines() else { return };
    let setup = Setup {
        apis: 0,
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        let (broker, amqp_url) = Proxy::before(&engines.amqp_url).await;
        server
            .start_api_with(&[("LONGSHORE_AMQP_URL", &amqp_url)])
            .await;
        server.start_api().await;
        for client in &server.clients {
            client.ready().await;
        }
        broker.hang(true);
        let accepting = server
            .client()
            .request(reqwest::Method::POST, "/api/v1/claude/execute")
            .json(&json!({ "workspace_id": "demo", "prompt": "[[text found]]" }))
            .send();
        let accepting = tokio::spawn(accepting);
        let execution = recorded(server.other()).await;
        let mut killed = server.apis.remove(0);
        killed.signal(Signal::SIGKILL);
        killed.exit().await;
        assert!(accepting.await.expect("it was asked").is_err());
        server.start_worker().await;
        let watched = server.other().watch(&execution).await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// The one execution that there is a record of, as soon as there is.
async fn recorded(client: &Client) -> String {
    let look = async {
        loop {
            let page = client.get("/api/v1/claude/executions").await.body;
            let one = &page["executions"][0];
            if let Value::String(id) = &one["execution_id"] {
                return id.clone();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, look).await.expect("it is recorded")
}
