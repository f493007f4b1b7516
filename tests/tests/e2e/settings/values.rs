//! Values that settings refuse, in a flag or in the environment.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tests::process::until;

use super::{refused, run};

const DURATION: &str = "a duration like 90s, 30m or 24h is needed";

/// Settings of API and worker that refuse a value: flag, value, why.
const CLUSTER: &[(&str, &str, &str)] = &[
    ("--redis-url", "nonsense", ""),
    ("--redis-url", "http://127.0.0.1", ""),
    ("--redis-url", "redis://:hunter2@127.0.0.1:port", ""),
    ("--amqp-url", "nonsense", ""),
    ("--amqp-url", "http://127.0.0.1", ""),
    ("--amqp-url", "amqp://me:hunter2@127.0.0.1:port/%2f", ""),
    (
        "--redis-url",
        "redis+sentinel://:hunter2@127.0.0.1",
        "redis+sentinel://host:26379,host:26379/master",
    ),
    (
        "--redis-url",
        "redis+cluster://:hunter2@127.0.0.1/3",
        "redis+cluster://host:6379,host:6379",
    ),
    ("--amqp-url", "amqp://me:hunter2@a,,b/%2f", "host,host"),
    ("--tls-ca", "/nonexistent", "No such file"),
    ("--tls-ca", "/dev/null", "BEGIN CERTIFICATE"),
    ("--namespace", "", "1 to 64 letters"),
    ("--namespace", "a b", "1 to 64 letters"),
];

/// Settings of every server.
const COMMON: &[(&str, &str, &str)] = &[
    ("--retention", "90", DURATION),
    ("--retention", "", DURATION),
    ("--session-retention", "0s", "above zero"),
    ("--max-events", "99", "99 is not in 100.."),
    ("--max-events", "many", "invalid digit"),
    ("--log", "info,=,x=loud", ""),
    ("--log-format", "xml", "[possible values: text, json]"),
    ("--admin-bind", "nonsense", ""),
    ("--admin-bind", "127.0.0.1:99999", ""),
];

/// Settings of what serves the API.
const API: &[(&str, &str, &str)] = &[
    ("--bind", "nonsense", "an address like 127.0.0.1:8080"),
    ("--bind", "", "an address like 127.0.0.1:8080"),
    ("--bind", "8080", "an address like 127.0.0.1:8080"),
    (
        "--bind",
        "127.0.0.1:99999",
        "an address like 127.0.0.1:8080",
    ),
    ("--bind", "0.0.0.0:0", "only a loopback address"),
    ("--bind", "[::]:0", "only a loopback address"),
    (
        "--jwt-secret",
        "",
        "has 0 bytes, and HS256 needs 32 or more",
    ),
    ("--jwt-secret", "hunter2", "has 7 bytes"),
    (
        "--jwt-public-key",
        "/nosuch.pem",
        "/nosuch.pem: the file cannot be read",
    ),
    (
        "--jwt-public-key",
        "/dev/null",
        "/dev/null: the file holds no public key in PEM",
    ),
    (
        "--jwks",
        "/nosuch.json",
        "/nosuch.json: the file cannot be read",
    ),
    (
        "--jwks",
        "/dev/null",
        "/dev/null: the file holds no key set",
    ),
    ("--jwks", "/dev/zero", "/dev/zero: the file is larger"),
    ("--jwt-audience", "", "must not be empty"),
    ("--jwt-audience", "us", "needs a key to verify tokens with"),
    ("--jwt-issuer", "us", "needs a key to verify tokens with"),
    ("--max-websockets", "0", "0 is not in 1.."),
    ("--max-websockets-per-caller", "many", "invalid digit"),
    ("--max-execution-timeout", "3600", DURATION),
    ("--allowed-tools", "Bash(git log", "a `(` without its `)`"),
    (
        "--allowed-origins",
        "https://a.example,b.example",
        r#""b.example" is no origin"#,
    ),
    ("--rate-limit", "-1", "-1 is not in 0.."),
    ("--rate-limit", "600/min", "invalid digit"),
    ("--rate-burst", "0", "zero"),
    ("--rate-burst", "", "empty string"),
    ("--max-queue", "0", "0 is not in 1.."),
    ("--max-queue", "all", "invalid digit"),
];

/// Settings of what runs the CLI.
const WORKER: &[(&str, &str, &str)] = &[
    ("--slots", "0", "0 is not in 1..=10000"),
    ("--slots", "all", "invalid digit"),
    ("--state", "s3://bucket/folder", "`s3:`"),
    ("--state", "/dev/null/folder", "/dev/null/folder"),
    ("--lease", "15", DURATION),
    ("--drain", "-5s", DURATION),
    ("--execution-timeout", "1 fortnight", DURATION),
    ("--stall-timeout", "1e3", DURATION),
    (
        "--permission-mode",
        "yolo",
        "[possible values: default, acceptEdits",
    ),
    ("--default-tools", "Read)", "a `)` without its `(`"),
    ("--sandbox", "docker", "[possible values: none, bubblewrap]"),
    ("--sandbox", "bubblewrap", "is not in PATH"),
    ("--run-memory", "4G", "a size like 512MiB"),
    ("--run-memory", "1MiB", "256MiB at least"),
    ("--run-processes", "3", "3 is not in 16.."),
];

async fn each_is_refused(name: &str, args: &[&str], tables: &[&[(&str, &str, &str)]]) {
    for (flag, value, why) in tables.iter().copied().flatten() {
        let given = format!("{flag}={value}");
        let mut with_flag = args.to_vec();
        with_flag.push(&given);
        // An address that is wrong is found when it is listened on, after that of the API itself.
        let free = ("LONGSHORE_BIND", "127.0.0.1:0");
        let free = (*flag == "--admin-bind").then_some(free);
        let environment: Vec<_> = free.into_iter().collect();
        refused(
            &run(name, &with_flag, &environment).await,
            flag,
            why,
            &format!("{name} {given}"),
        );
        let variable = format!("LONGSHORE_{}", flag[2..].replace('-', "_").to_uppercase());
        let environment = [&environment[..], &[(&variable, value)]].concat();
        let output = run(name, args, &environment).await;
        refused(&output, flag, why, &format!("{variable}={value} {name}"));
    }
}

#[tokio::test]
async fn a_wrong_value_stops_the_api() {
    each_is_refused("longshore-api", &[], &[CLUSTER, COMMON, API]).await;
    tests::proved!(Programs, a_wrong_value_stops_the_api: "settings.wrong-value", "settings.flag-and-variable", "settings.duration", "settings.queue-url", "settings.secret", "identity.loopback", "identity.alg.secret");
}

#[tokio::test]
async fn a_wrong_value_stops_the_worker() {
    each_is_refused("longshore-worker", &[], &[CLUSTER, COMMON, WORKER]).await;
    tests::proved!(Programs, a_wrong_value_stops_the_worker: "settings.wrong-value", "settings.flag-and-variable", "settings.duration", "settings.queue-url", "settings.secret");
}

#[tokio::test]
async fn a_wrong_value_stops_dev() {
    each_is_refused("longshore", &["dev"], &[COMMON, API, WORKER]).await;
    tests::proved!(Programs, a_wrong_value_stops_dev: "settings.wrong-value", "settings.flag-and-variable", "settings.duration", "identity.loopback");
}

/// It is tried before any job is taken, and what it is tried with is killed.
#[tokio::test]
async fn a_sandbox_that_hangs_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let bwrap = folder.path().join("bwrap");
    let pid = folder.path().join("pid");
    let script = format!("#!/bin/sh\necho $$ > {}\nexec sleep 601\n", pid.display());
    std::fs::write(&bwrap, script).unwrap();
    std::fs::set_permissions(&bwrap, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    for (name, args) in [("longshore-worker", &[][..]), ("longshore", &["dev"])] {
        let environment = [("PATH", &*path), ("LONGSHORE_SANDBOX", "bubblewrap")];
        let output = run(name, args, &environment).await;
        refused(&output, "--sandbox", "has not ended within 10s", name);
        let tried = std::fs::read_to_string(&pid).unwrap();
        let command = Path::new("/proc").join(tried.trim()).join("cmdline");
        // Of a dead one that nobody has waited for it is empty.
        until(|| std::fs::read(&command).unwrap_or_default().is_empty()).await;
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    for (name, args, flag, bind) in [
        ("longshore-api", &[][..], "--bind", &*address),
        ("longshore-api", &[], "--admin-bind", free),
        ("longshore", &["dev"], "--bind", &*address),
        ("longshore", &["dev"], "--admin-bind", free),
        ("longshore-worker", &[], "--admin-bind", free),
    ] {
        let environment = [
            ("LONGSHORE_BIND", bind),
            ("LONGSHORE_ADMIN_BIND", &*address),
        ];
        let output = run(name, args, &environment).await;
        refused(&output, flag, &address, name);
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("in use"),
            "{output:?}"
        );
    }
    tests::proved!(Programs, a_port_in_use_is_named: "settings.port-in-use");
}

#[tokio::test]
async fn a_wrong_collector_stops_every_server() {
    let why = "an address like http://127.0.0.1:4318";
    for (name, args) in [
        ("longshore-api", &[][..]),
        ("longshore-worker", &[]),
        ("longshore", &["dev"]),
    ] {
        for value in [
            "nonsense",
            "https://collector",
            "http://me:hunter2@collector",
        ] {
            let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", value)];
            let output = run(name, args, &environment).await;
            refused(&output, "--otlp-endpoint", why, &format!("{value} {name}"));
        }
    }
}
