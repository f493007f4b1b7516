//! Arguments that no program takes.

use super::{refused, run};

#[tokio::test]
async fn arguments_that_are_none_are_named() {
    for (name, args, wrong) in [
        ("longshore-api", &["--prot=1"][..], "--prot"),
        ("longshore-api", &["serve"], "serve"),
        ("longshore-api", &["--bind"], "--bind"),
        ("longshore-worker", &["--bind=127.0.0.1:0"], "--bind"),
        ("longshore", &["fly"], "fly"),
        ("longshore", &["watch"], "<EXECUTION>"),
        ("longshore", &["watch", "nonsense"], "<EXECUTION>"),
        ("longshore", &["executions", "--status=gone"], "--status"),
        ("longshore", &["sessions", "--close"], "<SESSION>"),
        ("longshore", &["completions", "cmd"], "<SHELL>"),
        ("longshore", &["run", "--url=nonsense", "x"], "--url"),
        ("longshore", &["run", "--url=ftp://127.0.0.1", "x"], "--url"),
        (
            "longshore",
            &["run", "--url=http://127.0.0.1/?a=b", "x"],
            "--url",
        ),
        ("longshore", &["run", "--max-turns=x", "x"], "--max-turns"),
    ] {
        refused(
            &run(name, args, &[]).await,
            wrong,
            "",
            &format!("{name} {args:?}"),
        );
    }
    tests::proved!(Programs, arguments_that_are_none_are_named: "settings.unknown-argument");
}
