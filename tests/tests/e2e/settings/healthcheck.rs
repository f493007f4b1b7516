//! `healthcheck`, which containers ask without a shell.

use tests::process::{Process, eventually};
use tests::server::{Server, Setup};
use tests::services::program;

use super::run;

#[tokio::test]
async fn a_program_tells_whether_the_running_one_is_ready() {
    let setup = Setup {
        apis: 1,
        workers: 0,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        // Every address is none that one can connect to: it stands for this machine.
        let bind = format!("0.0.0.0:{}", server.client().port());
        let of_api = [("LONGSHORE_BIND", bind.as_str())];
        let ready = run("longshore-api", &["healthcheck"], &of_api).await;
        assert_eq!(ready.status.code(), Some(0), "{ready:?}");

        let anywhere = [("LONGSHORE_ADMIN_BIND", "127.0.0.1:0")];
        server.start_worker_with(&anywhere).await;
        let worker = &server.workers[0];
        let admin = worker.word_after(r#""admin listening","address":""#).await;
        let of_worker = [("LONGSHORE_ADMIN_BIND", admin.as_str())];
        eventually("the worker is ready", async || {
            let asked = run("longshore-worker", &["healthcheck"], &of_worker).await;
            asked.status.code() == Some(0)
        })
        .await;
        server.workers.remove(0).stop().await;
        let absent = run("longshore-worker", &["healthcheck"], &of_worker).await;
        assert_eq!(absent.status.code(), Some(1), "{absent:?}");
        server
    })
    .await;
}

/// One whose engines are not there runs, and is not ready.
#[tokio::test]
async fn a_program_that_is_not_ready_says_why() {
    let environment = [
        ("LONGSHORE_BIND", "127.0.0.1:0"),
        ("LONGSHORE_ADMIN_BIND", ""),
        ("LONGSHORE_LOG_FORMAT", "json"),
        ("LONGSHORE_AMQP_URL", "amqp://127.0.0.1:1/%2f"),
        ("LONGSHORE_REDIS_URL", "redis://127.0.0.1:1"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let api = Process::start("api", &program("longshore-api"), &[], &environment);
    let address = api.word_after(r#""listening","address":""#).await;
    let asked = run(
        "longshore-api",
        &["healthcheck"],
        &[("LONGSHORE_BIND", &address)],
    )
    .await;
    let said = String::from_utf8_lossy(&asked.stderr);
    assert_eq!(asked.status.code(), Some(1), "{said}");
    assert!(
        said.contains("503") && said.contains("\"failed\""),
        "{said}"
    );
    api.stop().await;
}
