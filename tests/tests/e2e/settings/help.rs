//! What `--help` shows of the settings.

use super::run;

/// The help of a program, on one line.
async fn help(name: &str, args: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(name, args, environment).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn help_shows_every_setting_with_its_default() {
    let cluster = [
        ("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f"),
        ("REDIS_URL", "redis://127.0.0.1:6379"),
        ("NAMESPACE", "longshore"),
        ("TLS_CA", ""),
        ("TLS_CERT", ""),
        ("TLS_KEY", ""),
    ];
    let common = [
        ("RETENTION", "24h"),
        ("SESSION_RETENTION", "30d"),
        ("MAX_EVENTS", "10000"),
        ("LOG", "info"),
        ("LOG_FORMAT", ""),
    ];
    let api = [
        ("BIND", "127.0.0.1:8080"),
        ("MAX_EXECUTION_TIMEOUT", "24h"),
        ("ALLOWED_TOOLS", ""),
        ("ALLOWED_ORIGINS", ""),
        ("RATE_LIMIT", "600"),
        ("RATE_BURST", "60"),
        ("MAX_QUEUE", "100000"),
        ("MAX_WEBSOCKETS", "50000"),
        ("MAX_WEBSOCKETS_PER_CALLER", "1000"),
        ("JWT_SECRET", ""),
        ("JWT_PUBLIC_KEY", ""),
        ("JWKS", ""),
        ("JWT_AUDIENCE", ""),
        ("JWT_ISSUER", ""),
    ];
    let worker = [
        ("CLAUDE_BIN", "claude"),
        ("CLAUDE_ENV", ""),
        ("WORKSPACES", "./workspaces"),
        ("STATE", "./state"),
        ("SLOTS", ""),
        ("MODEL", ""),
        ("PERMISSION_MODE", "default"),
        ("DEFAULT_TOOLS", ""),
        ("EXECUTION_TIMEOUT", "30m"),
        ("STALL_TIMEOUT", "10m"),
        ("LEASE", "15s"),
        ("DRAIN", "60s"),
        ("CLAUDE_SECRETS", ""),
        ("SANDBOX", "none"),
        ("SANDBOX_READABLE", ""),
        ("RUN_MEMORY", ""),
        ("RUN_PROCESSES", ""),
    ];
    let api_admin = [("ADMIN_BIND", "127.0.0.1:9090")];
    let worker_admin = [("ADMIN_BIND", "127.0.0.1:9091")];
    let dev_admin = [("ADMIN_BIND", "")];
    for (name, args, settings) in [
        (
            "longshore-api",
            &["--help"][..],
            [&cluster[..], &common, &api, &api_admin].concat(),
        ),
        (
            "longshore-worker",
            &["--help"],
            [&cluster[..], &common, &worker, &worker_admin].concat(),
        ),
        (
            "longshore",
            &["dev", "--help"],
            [&common[..], &api, &worker, &dev_admin].concat(),
        ),
        (
            "longshore",
            &["run", "--help"],
            vec![("URL", "http://127.0.0.1:8080"), ("TOKEN", "")],
        ),
    ] {
        let text = help(name, args, &[]).await;
        for (setting, default) in settings {
            let variable = format!("[env: LONGSHORE_{setting}");
            let place = text
                .split(&variable)
                .find(|rest| rest.starts_with(['=', ']']));
            let rest = place.unwrap_or_else(|| panic!("{name} does not show {setting}: {text}"));
            let flag = format!("--{} <", setting.to_lowercase().replace('_', "-"));
            assert!(text.contains(&flag), "{name} does not show {flag}: {text}");
            let behind = rest.split_once(']').unwrap().1;
            let shown = format!(" [default: {default}]");
            assert!(
                default.is_empty() || behind.starts_with(&shown),
                "{name}: {setting}: {behind:.80}"
            );
        }
    }
    let commands = help("longshore", &["--help"], &[]).await;
    assert!(
        [
            "dev ",
            "run ",
            "watch ",
            "cancel ",
            "executions ",
            "sessions ",
            "logs ",
            "workers ",
            "load ",
            "token ",
            "completions ",
            "man ",
            "Exit codes:"
        ]
        .iter()
        .all(|name| commands.contains(name)),
        "{commands}"
    );
    tests::proved!(Programs, help_shows_every_setting_with_its_default: "settings.help", "settings.flag-and-variable");
}

#[tokio::test]
async fn help_shows_no_password() {
    let environment = [
        ("LONGSHORE_REDIS_URL", "redis://:hunter2@127.0.0.1"),
        ("LONGSHORE_AMQP_URL", "amqp://me:hunter2@127.0.0.1"),
    ];
    let secrets = [
        ("LONGSHORE_JWT_SECRET", "hunter2"),
        ("LONGSHORE_TOKEN", "hunter2"),
    ];
    for (name, args, environment) in [
        ("longshore-api", &["--help"][..], &environment),
        ("longshore-worker", &["--help"], &environment),
        ("longshore-api", &["--help"], &secrets),
        ("longshore", &["dev", "--help"], &secrets),
        ("longshore", &["run", "--help"], &secrets),
        ("longshore", &["token", "--help"], &secrets),
    ] {
        let text = help(name, args, environment).await;
        assert!(!text.contains("hunter2"), "{text}");
    }
    tests::proved!(Programs, help_shows_no_password: "settings.secret");
}
