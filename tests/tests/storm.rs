//! What takes a whole machine, and so runs by itself.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use tests::process::until;
use tests::reconnecting::follow;
use tests::server::{Server, Setup};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(90);

/// Thousands lose their connection in one moment, when their API is replaced, and come back within seconds.
#[tokio::test]
async fn thousands_come_back_at_once() {
    const CLIENTS: usize = 5000;
    let setup = Setup {
        apis: 1,
        ..Setup::default()
    };
    let setup = setup.with("LONGSHORE_MAX_WEBSOCKETS_PER_CALLER", "20000");
    Server::cluster(setup, |mut server| async move {
        server.start_api().await;
        server.other().ready().await;
        let (execution, _) = server.client().submit("[[text begun]][[hang once]]").await;
        let both = server.clients.clone();
        let watching = (0..CLIENTS).map(|_| {
            let (both, execution) = (both.clone(), execution.clone());
            tokio::spawn(async move { follow(&both, &execution, 2 * PATIENCE).await })
        });
        let watching: Vec<_> = watching.collect();
        let connected = |port| move || connections(port) >= CLIENTS;
        until(connected(server.client().port())).await;
        server.clients.remove(0);
        server.apis.remove(0).stop().await;
        until(connected(server.client().port())).await;
        // While they come, others may be asked to try again.
        let cancelled =
            async { while !server.client().cancel(&execution).await.status.is_success() {} };
        timeout(PATIENCE, cancelled).await.expect("it is cancelled");
        for followed in join_all(watching).await {
            let followed = followed.expect("it saw every event once");
            assert_eq!(followed.watched.status(), "cancelled");
            assert_eq!(followed.gaps, 0);
        }
        assert_eq!(server.other().get("/readyz").await.status, StatusCode::OK);
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// How many are open to a local port.
fn connections(port: u16) -> usize {
    const ESTABLISHED: &str = "01";
    let table = std::fs::read_to_string("/proc/net/tcp").expect("/proc is there");
    let local = format!(":{port:04X}");
    let open = |line: &&str| {
        let mut columns = line.split_whitespace().skip(1);
        let (here, state) = (columns.next(), columns.nth(1));
        here.is_some_and(|here| here.ends_with(&local)) && state == Some(ESTABLISHED)
    };
    table.lines().filter(open).count()
}
