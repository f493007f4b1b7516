//! What is past its retention is not there any more.

use std::time::Duration;

use reqwest::StatusCode;
use tests::process::PATIENCE;
use tests::server::{Server, Setup};
use tokio::time::timeout;

over_every_server! { Setup::default().with("LONGSHORE_RETENTION", "1s") =>
    an_execution_is_kept_for_its_retention: ["executions.retention"],
}

async fn an_execution_is_kept_for_its_retention(server: Server) -> Server {
    let watched = server.client().run("[[text fine]]").await;
    let execution = watched.frames[0]["execution_id"].as_str().unwrap();
    let path = format!("/api/v1/claude/executions/{execution}");
    let gone = async {
        while server.other().get(&path).await.status == StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("it goes in time");
    for answer in [
        server.client().get(&path).await,
        server.client().get(&format!("{path}/events")).await,
        server.client().cancel(execution).await,
        server
            .other()
            .connect(&format!("/ws/executions/{execution}"), &[])
            .await
            .unwrap_err(),
    ] {
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::NOT_FOUND, "EXECUTION_NOT_FOUND")
        );
    }
    server
}
