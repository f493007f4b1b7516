//! Redis is killed and comes back with what it had written.

use std::time::Duration;

use tests::private_engines::{Engine, PrivateEngines};
use tests::process::PATIENCE;
use tests::reconnecting::follow;
use tests::server::{Server, Setup};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What runs goes on, and what is accepted afterwards runs too.
#[tokio::test]
async fn what_runs_outlives_a_crash_of_redis() {
    outlived(Setup::default(), Duration::from_secs(2)).await;
}

/// Every lease has ended by then. Their holders have frozen what they run, come back, and go on: nobody takes over.
#[tokio::test]
async fn what_runs_outlives_an_outage_longer_than_its_lease() {
    let setup = Setup::default().with("LONGSHORE_LEASE", "3s");
    outlived(setup, Duration::from_secs(12)).await;
}

async fn outlived(setup: Setup, outage: Duration) {
    let Some(engines) = PrivateEngines::start(&[Engine::Redis]).await else {
        return;
    };
    Server::cluster(setup.on(&engines.addresses), |server| async {
        let mut accepted = Vec::new();
        for _ in 0..4 {
            accepted.push(server.client().submit("[[lines n=60 rate=10]]").await.0);
        }
        let clients = server.clients.clone();
        let mut following = JoinSet::new();
        for execution in accepted.clone() {
            let clients = clients.clone();
            following.spawn(async move { follow(&clients, &execution, PATIENCE).await });
        }
        // Redis writes once a second: what is older than that it has kept.
        sleep(Duration::from_millis(1500)).await;
        engines.kill(Engine::Redis).await;
        sleep(outage).await;
        engines.start_again(Engine::Redis).await;
        for followed in following.join_all().await {
            let watched = followed.watched;
            assert_eq!(watched.status(), "completed", "{:#}", watched.end());
            assert_eq!(watched.of("status").count(), 1, "one attempt: {watched:#?}");
        }
        server.other().ready().await;
        accepted.push(server.client().submit("[[text after it]]").await.0);
        server.settled(&accepted).await;
        server
    })
    .await;
}
