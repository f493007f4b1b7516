//! TLS to both engines, with an authority of the operators' own, and engines that want to know who connects.

use std::path::Path;

use tempfile::TempDir;
use tests::ports::free_port;
use tests::process::Process;
use tests::rabbitmq_servers::RabbitServer;
use tests::redis_servers::RedisServer;
use tests::server::{Server, Setup};
use tests::services::{Engines, engines, program};
use tests::tls::{Authority, Issued};

/// Both engines, which take nobody without a certificate of their authority.
struct Secured {
    _folder: TempDir,
    trusted: String,
    program: Issued,
    engines: Engines,
    _rabbitmq: RabbitServer,
    _redis: RedisServer,
}

impl Secured {
    async fn start() -> Self {
        let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::default());
        let trusted = text(&authority.certificate(folder.path()));
        let server = authority.issue(folder.path(), "engine");
        let program = authority.issue(folder.path(), "program");
        let (certificate, key) = (text(&server.certificate), text(&server.key));
        let port = free_port().await;
        let settings = format!(
            "listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {trusted}\n\
             ssl_options.certfile = {certificate}\nssl_options.keyfile = {key}\n\
             ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n"
        );
        let tls_port = free_port().await;
        let tls = tls_port.to_string();
        let arguments = [
            "--tls-port",
            &tls,
            "--tls-ca-cert-file",
            &trusted,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "yes",
        ];
        let (rabbitmq, redis) = tokio::join!(
            RabbitServer::start(&settings),
            RedisServer::start(&arguments)
        );
        let engines = Engines {
            amqp_url: format!("amqps://guest:guest@localhost:{port}/%2f"),
            redis_url: format!("rediss://127.0.0.1:{tls_port}"),
        };
        Self {
            _folder: folder,
            trusted,
            program,
            engines,
            _rabbitmq: rabbitmq,
            _redis: redis,
        }
    }
}

#[tokio::test]
async fn executions_run_over_tls() {
    if engines().is_none() {
        return;
    }
    let secured = Secured::start().await;
    let setup = Setup::default()
        .on_own(&secured.engines)
        .with("LONGSHORE_TLS_CA", &secured.trusted)
        .with("LONGSHORE_TLS_CERT", &text(&secured.program.certificate))
        .with("LONGSHORE_TLS_KEY", &text(&secured.program.key));
    Server::cluster(setup, |server| async {
        let watched = server.client().run("[[text sealed]]").await;
        assert_eq!(watched.text(), "sealed");
        assert_eq!(watched.status(), "completed", "{:#}", watched.end());
        server
    })
    .await;

    // Whoever shows no certificate, or trusts others than the engines' authority, is not let in and lets nobody in.
    let stranger = tempfile::tempdir().expect("a folder");
    let other = text(&Authority::default().certificate(stranger.path()));
    for settings in [
        vec![("LONGSHORE_TLS_CA", secured.trusted.as_str())],
        vec![("LONGSHORE_TLS_CA", other.as_str())],
    ] {
        refused(&secured, &settings).await;
    }
}

/// Such a program reaches neither engine, and says so.
async fn refused(secured: &Secured, settings: &[(&str, &str)]) {
    let mut environment = vec![
        ("LONGSHORE_BIND", "127.0.0.1:0"),
        ("LONGSHORE_ADMIN_BIND", ""),
        ("LONGSHORE_LOG_FORMAT", "json"),
        ("LONGSHORE_AMQP_URL", secured.engines.amqp_url.as_str()),
        ("LONGSHORE_REDIS_URL", secured.engines.redis_url.as_str()),
    ];
    environment.extend(settings);
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let api = Process::start("stranger", &program("longshore-api"), &[], &environment);
    let address = api.word_after(r#""listening","address":""#).await;
    let answer = reqwest::get(format!("http://{address}/readyz")).await;
    assert_eq!(answer.expect("it answers").status(), 503);
    api.word_after("the redis subscription was lost").await;
    api.word_after("no connection to RabbitMQ").await;
    api.stop().await;
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
