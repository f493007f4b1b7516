//! `longshore load`: what it measures, and what it finds.

use std::path::Path;

use serde_json::{Value, json};
use tests::process::run_to_end;
use tests::server::{Server, Setup};
use tests::services::program;

use super::stand_in::StandIn;

over_every_server! { Setup::default().with("LONGSHORE_SLOTS", "8") =>
    every_kind_of_viewer_sees_every_event: ["command.load"],
    an_open_loop_begins_on_time: ["command.load"],
    a_refusal_is_counted: ["command.load.errors"],
}

async fn load(server: &Server, args: &[&str]) -> (Option<i32>, Value) {
    let args = [&["load", "--url", server.client().url(), "--json"], args].concat();
    let output = run_to_end(&program("longshore"), &args, &[], Path::new("/")).await;
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("no report: {output:?}"));
    (output.status.code(), report)
}

async fn every_kind_of_viewer_sees_every_event(server: Server) -> Server {
    let args = "-n 20 -c 4 --viewers 1 --slow-viewers 1 --slow-rate 20000 --reconnect-every 100ms --idle 6 --idle-executions 2";
    let prompt = ["--prompt", "[[lines n=20 bytes=300 rate=50]]"];
    let args: Vec<_> = args.split(' ').chain(prompt).collect();
    let (code, report) = load(&server, &args).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        (&report["whole"], &report["accepted"]),
        (&json!(true), &json!(20))
    );
    assert_eq!(report["ended"], json!({ "completed": 20 }));
    assert_eq!(report["errors"], json!({}));
    assert_eq!(report["idle_sockets"], 6);
    // Of every stream: the status, 20 lines and what stands around them, the end.
    assert!(report["frames"].as_u64().unwrap() > 60 * 22, "{report:#}");
    assert!(
        report["connections"].as_u64().unwrap() > 60 * 2,
        "they came back: {report:#}"
    );
    for latency in ["accept", "first_message", "end"] {
        assert_eq!(report["latency_ms"][latency]["count"], 20, "{latency}");
    }
    server
}

async fn an_open_loop_begins_on_time(server: Server) -> Server {
    // The last begins after 1.9 s and takes half a second; one after the other they would take ten.
    let prompt = "[[sleep ms=500]][[text done]]";
    let args = ["-n", "20", "--rate", "10", "--prompt", prompt];
    let us = format!("us={}", std::process::id());
    let (code, report) = load(&server, &[args.as_slice(), &["--process", &us]].concat()).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        (&report["accepted"], &report["left_out"]),
        (&json!(20), &json!(0))
    );
    let took = report["seconds"].as_f64().unwrap();
    assert!((2.4..9.0).contains(&took), "{report:#}");
    assert!(
        report["latency_ms"]["end"]["p50"].as_f64().unwrap() >= 500.0,
        "{report:#}"
    );
    assert!(
        report["latency_ms"]["added"]["count"].as_u64().unwrap() > 0,
        "{report:#}"
    );
    assert_eq!(report["processes"][0]["name"], "us");
    assert!(report["processes"][0]["peak_kib"].as_u64().unwrap() > 1000);
    server
}

async fn a_refusal_is_counted(server: Server) -> Server {
    let args = ["-n", "3", "--workspace", "no/workspace", "--unwatched"];
    let (code, report) = load(&server, &args).await;
    assert_eq!(report["errors"], json!({ "INVALID_REQUEST": 3 }));
    assert_eq!(
        (code, &report["accepted"]),
        (Some(1), &json!(0)),
        "{report:#}"
    );
    server
}

/// What comes from a server that keeps no promise.
#[tokio::test]
async fn a_broken_stream_is_found() {
    let mut api = StandIn::start("").await;
    let mut load = api.load();
    let (mut socket, _) = api.socket().await;
    for id in ["1-1", "1-2", "1-2", "1-5", "1-4"] {
        socket.say(id, "word").await;
    }
    let end = json!({ "status": "completed", "result": null, "error": null, "messages": 5 });
    socket.send("end", Some("1-6"), end).await;
    assert_eq!(load.exit().await.code(), Some(1));
    let report: Value = serde_json::from_str(&load.output()).expect("a report");
    let breaches = ["lost", "repeated", "misordered"].map(|breach| &report[breach]);
    assert_eq!(breaches, [&json!(1), &json!(1), &json!(1)], "{report:#}");
    assert_eq!(report["whole"], false);
    tests::proved!(Programs, a_broken_stream_is_found: "command.load.breaches");
}
