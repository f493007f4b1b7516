//! An account for each program, as `deploy/secrets` makes them: enough for what it does, and for no more.

use std::path::Path;

use tempfile::TempDir;
use tests::process::run_to_end;
use tests::rabbitmq_servers::RabbitServer;
use tests::redis_servers::RedisServer;
use tests::server::{Server, Setup};
use tests::services::{Engines, engines, path};

/// Engines with those accounts.
struct Guarded {
    secrets: TempDir,
    rabbitmq: RabbitServer,
    redis: RedisServer,
}

impl Guarded {
    async fn start() -> Self {
        let secrets = tempfile::tempdir().expect("a folder");
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        let folder = secrets.path().join("made");
        let made = run_to_end(
            &deploy.join("secrets"),
            &[folder.to_str().expect("a name")],
            &[("PATH", &path())],
            secrets.path(),
        )
        .await;
        assert!(made.status.success(), "{made:?}");
        let definitions = folder.join("rabbitmq/definitions.json");
        let settings = format!("load_definitions = {}\n", definitions.display());
        let accounts = folder.join("redis/users.acl").display().to_string();
        // It is killed: what it has answered it has on its disk.
        let arguments = ["--aclfile", &accounts, "--appendfsync", "always"];
        let (rabbitmq, redis) = tokio::join!(
            RabbitServer::start(&settings),
            RedisServer::start(&arguments)
        );
        Self {
            secrets,
            rabbitmq,
            redis,
        }
    }

    /// The addresses that a program was given, here.
    fn of(&self, program: &str) -> Engines {
        let read = |name: &str| {
            let file = self.secrets.path().join("made").join(program).join(name);
            std::fs::read_to_string(file).expect("it is made")
        };
        let rabbitmq = format!("127.0.0.1:{}", self.rabbitmq.port());
        Engines {
            amqp_url: read("amqp-url").trim().replace("rabbitmq:5672", &rabbitmq),
            redis_url: read("redis-url")
                .trim()
                .replace("redis:6379", &self.redis.address()),
        }
    }
}

#[tokio::test]
async fn each_program_may_do_what_it_does_and_no_more() {
    if engines().is_none() {
        return;
    }
    let mut guarded = Guarded::start().await;
    let (api, worker) = (guarded.of("api"), guarded.of("worker"));
    let setup = Setup {
        apis: 0,
        workers: 0,
        ..Setup::default()
    };
    let setup = setup.on_own(&api).with("LONGSHORE_NAMESPACE", "longshore");
    Server::cluster(setup, |mut server| async {
        server.start_api().await;
        let settings = [
            ("LONGSHORE_AMQP_URL", worker.amqp_url.as_str()),
            ("LONGSHORE_REDIS_URL", worker.redis_url.as_str()),
        ];
        server.start_worker_with(&settings).await;
        server.client().ready().await;
        let (first, session) = server.client().submit("[[text one]]").await;
        assert_eq!(server.ended(&first).await["status"], "completed");
        let (cancelled, _) = server.client().submit("[[lines n=600 rate=10]]").await;
        assert_eq!(server.client().cancel(&cancelled).await.status, 202);
        assert_eq!(server.ended(&cancelled).await["status"], "cancelled");
        for path in ["executions", "sessions", "workers", "stats"] {
            let answer = server.client().get(&format!("/api/v1/claude/{path}")).await;
            assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
        }
        let logs = format!("/api/v1/claude/sessions/{session}/logs");
        assert_eq!(server.client().get(&logs).await.status, 200);
        // What Redis has kept it reads again, though nobody may sign in as it reads.
        guarded.redis.kill().await;
        guarded.redis.start_again().await;
        assert_eq!(server.ended(&first).await["status"], "completed");
        server
    })
    .await;
    takes_no_jobs(&api.amqp_url).await;
    for engines in [&api, &worker] {
        sees_nothing_else(&engines.redis_url).await;
    }
}

/// The API's account publishes jobs, and cannot take them, nor make queues of its own.
async fn takes_no_jobs(amqp_url: &str) {
    let connect = lapin::Connection::connect(amqp_url, lapin::ConnectionProperties::default());
    let connection = connect.await.expect("it may connect");
    let channel = connection.create_channel().await.expect("a channel");
    let taken = channel
        .basic_get("longshore.executions".into(), Default::default())
        .await;
    assert!(
        taken
            .expect_err("not allowed")
            .to_string()
            .contains("ACCESS_REFUSED")
    );
    let channel = connection.create_channel().await.expect("a channel");
    let made = channel
        .queue_declare("another".into(), Default::default(), Default::default())
        .await;
    assert!(
        made.expect_err("not allowed")
            .to_string()
            .contains("ACCESS_REFUSED")
    );
}

/// No keys but Longshore's, and no command that is for operators.
async fn sees_nothing_else(redis_url: &str) {
    let client = redis::Client::open(redis_url).expect("an address");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("it may connect");
    for words in [
        vec!["GET", "another"],
        vec!["KEYS", "*"],
        vec!["FLUSHALL"],
        vec!["CONFIG", "GET", "*"],
        vec!["EVAL", "return redis.call('GET', 'another')", "0"],
    ] {
        let mut cmd = redis::cmd(words[0]);
        cmd.arg(&words[1..]);
        let answer: redis::RedisResult<redis::Value> = cmd.query_async(&mut connection).await;
        let refused = answer.expect_err("it is not allowed").to_string();
        let says = refused.to_lowercase();
        assert!(
            says.contains("perm") || says.contains("access"),
            "{words:?}: {refused}"
        );
    }
}
