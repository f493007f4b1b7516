//! What `longshore run` prints, whatever comes of it.

use tests::client::Client;
use tests::server::{Server, Setup};

use super::{run, text};

over_every_server! { Setup::default() =>
    a_run_prints_plain_lines: ["command.run"],
    a_failed_run_says_why: ["command.run.failed"],
    a_refused_run_says_why: ["command.run.failed"],
}

async fn a_run_prints_plain_lines(server: Server) -> Server {
    let prompt = r#"[[text Two lines]][[tool Bash {"command":"echo one; echo two","description":"count"}]][[text Done ä]]"#;
    let output = run(server.client(), &[prompt]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "Two lines",
            "→ Bash echo one; echo two",
            "← one (+1 lines)",
            "Done ä"
        ]
    );
    let [.., empty, facts] = &lines[4..] else {
        panic!("{printed}")
    };
    assert!(
        empty.is_empty() && facts.starts_with("completed · "),
        "{printed}"
    );
    assert!(
        facts.contains(" turns · ") && facts.contains(" s · $0."),
        "{facts}"
    );
    assert!(!printed.contains(['\u{1b}', '\r']), "{printed:?}");
    let noted = text(&output.stderr);
    assert!(
        noted.starts_with("execution ") && noted.lines().count() == 1,
        "{noted}"
    );
    server
}

async fn a_failed_run_says_why(server: Server) -> Server {
    for (prompt, says) in [
        (
            "[[exit code=3 stderr=the_disk_is_full]]",
            ["failed", "CLI_EXITED: ", "  | the disk is full"],
        ),
        ("[[api status=429]]", ["failed · ", "RATE_LIMITED: ", ""]),
        (
            "[[error subtype=error_max_turns]]",
            ["failed · ", "MAX_TURNS: ", ""],
        ),
    ] {
        let output = run(server.client(), &[prompt]).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let printed = text(&output.stdout);
        for part in says {
            assert!(
                printed.lines().any(|line| line.starts_with(part)),
                "{part:?} in {printed}"
            );
        }
        let message = printed
            .lines()
            .find_map(|line| line.split_once(says[1]))
            .unwrap()
            .1;
        assert!(!message.is_empty(), "{printed}");
    }
    server
}

async fn a_refused_run_says_why(server: Server) -> Server {
    let unknown = uuid::Uuid::new_v4().to_string();
    for (args, says) in [
        (
            &["-w", "a/b", "x"][..],
            "workspace_id: must match ^[A-Za-z0-9]",
        ),
        (
            &[" "],
            "prompt: must hold more than white space (INVALID_REQUEST)",
        ),
        (
            &["--max-turns", "5000", "x"],
            "max_turns: must be a whole number from 1 to 1000",
        ),
        (&["--timeout", "0", "x"], "timeout_seconds: must be"),
        (&["--session", &unknown, "x"], "(SESSION_NOT_FOUND)"),
    ] {
        let output = run(server.client(), args).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(
            said.starts_with("error: ") && said.contains(says),
            "{args:?}: {said}"
        );
        let hints = usize::from(says.contains("SESSION_NOT_FOUND"));
        assert!(
            said.lines().count() == 1 + hints && output.stdout.is_empty(),
            "{output:?}"
        );
    }
    server
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    for url in [
        "http://127.0.0.1:1",
        "http://127.0.0.1:1/",
        "http://nosuch.invalid:8080",
    ] {
        let output = run(&Client::new(url), &["x"]).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(
            said.contains(url.trim_end_matches('/')) && said.contains("longshore dev"),
            "{said}"
        );
        assert!(
            said.starts_with("error: ") && said.lines().count() == 1,
            "{said}"
        );
    }
    // Something else than Longshore.
    let stranger = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", stranger.local_addr().unwrap());
    let router = axum::Router::new()
        .fallback(|| async { (axum::http::StatusCode::NOT_FOUND, "nothing here") });
    let serving = tokio::spawn(axum::serve(stranger, router).into_future());
    let said = text(&run(&Client::new(&url), &["x"]).await.stderr);
    assert!(
        said.contains("404") && said.contains("Longshore API"),
        "{said}"
    );
    serving.abort();
    tests::proved!(Programs, a_server_that_is_not_there_is_named: "command.run.unreachable");
}
