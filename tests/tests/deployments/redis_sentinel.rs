//! Redis behind sentinels: its master is lost, and another takes its place.

use tests::process::{PATIENCE, eventually};
use tests::reconnecting::follow;
use tests::redis_servers::Sentinels;
use tests::server::{Server, Setup};
use tests::services::{Engines, engines};

/// What runs goes on, its clients miss nothing, and what comes later runs on the new master; also when the old one is back.
#[tokio::test]
async fn what_runs_outlives_the_master() {
    let Some(shared) = engines() else { return };
    let mut redis = Sentinels::start().await;
    let own = Engines {
        redis_url: redis.url(),
        ..shared
    };
    Server::cluster(Setup::default().on_own(&own), |server| async {
        let old = redis.master().await;
        let (running, _) = server.client().submit("[[lines n=100 rate=10]]").await;
        let (followed, ()) = tokio::join!(
            Box::pin(follow(&server.clients, &running, PATIENCE)),
            async {
                server.speaks(&running).await;
                redis.nodes[0].kill().await;
                eventually("another master", async || redis.master().await != old).await;
            }
        );
        let watched = followed.watched;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        assert_eq!(watched.of("status").count(), 1, "one attempt: {watched:#?}");
        assert_eq!(followed.gaps, 0, "nothing is missing");

        let watched = server.client().run("[[text on the new master]]").await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        redis.nodes[0].start_again().await;
        let watched = server
            .client()
            .run("[[text while the old one is a replica]]")
            .await;
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        server
    })
    .await;
}
