//! Spans at a collector, from the request to the end of the run; and what happens where there is none.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tests::process::eventually;
use tests::server::{Server, Setup};
use tokio::net::TcpListener;

use super::collector::Collector;
use super::{is_one, programs};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn exporting(to: &str) -> Setup {
    Setup::default()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", to)
        .with("OTEL_BSP_SCHEDULE_DELAY", "100")
}

/// Submits under a `traceparent`; the trace id of the answer.
async fn run(server: &Server, traceparent: Option<&str>) -> String {
    let client = server.client();
    let body = json!({ "workspace_id": "demo", "prompt": "[[text fine]]" });
    let mut request = client.request(Method::POST, "/api/v1/claude/execute");
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent);
    }
    let answer = client.send(request.json(&body)).await;
    let execution = answer.body["execution_id"].as_str().unwrap();
    let watched = server.other().watch(execution).await;
    assert_eq!(watched.status(), "completed");
    let record = server.other().execution(execution).await;
    let trace = answer.headers["x-trace-id"].to_str().unwrap().to_owned();
    assert_eq!(record["trace_id"], trace.as_str());
    trace
}

async fn an_execution_is_one_trace(server: Server, collector: &Collector) -> Server {
    let (api, worker) = match is_one(&server) {
        true => ("longshore-dev", "longshore-dev"),
        false => ("longshore-api", "longshore-worker"),
    };
    let caller = format!("00-{TRACE}-{CALLER}-01");
    assert_eq!(run(&server, Some(&caller)).await, TRACE);
    let own = run(&server, None).await;
    for (trace, caller) in [(TRACE, CALLER), (&own, "")] {
        let request = collector.span(trace, "request").await;
        assert_eq!((&*request.parent, &*request.service), (caller, api));
        for step in ["accept", "publish"] {
            let step = collector.span(trace, step).await;
            assert_eq!((&step.parent, &*step.service), (&request.id, api));
        }
        let execution = collector.span(trace, "execution").await;
        assert_eq!(
            (&execution.parent, &*execution.service),
            (&request.id, worker)
        );
        for step in [
            "claim", "prepare", "restore", "claude", "save", "finish", "append",
        ] {
            let step = collector.span(trace, step).await;
            assert_eq!(
                (&step.parent, &*step.service),
                (&execution.id, worker),
                "{step:?}"
            );
        }
    }
    // A caller that does not keep its trace gets none kept.
    let unkept = format!("00-{}-{CALLER}-00", "1".repeat(32));
    assert_eq!(run(&server, Some(&unkept)).await, "1".repeat(32));
    let after = run(&server, None).await;
    collector.span(&after, "finish").await;
    assert!(
        collector
            .spans()
            .iter()
            .all(|span| span.trace != "1".repeat(32))
    );
    if is_one(&server) {
        tests::proved!(Memory, an_execution_is_one_trace_embedded: "trace.export", "trace.record");
    } else {
        tests::proved!(Cluster, an_execution_is_one_trace_cluster: "trace.export", "trace.message", "trace.record");
    }
    server
}

#[tokio::test]
async fn an_execution_is_one_trace_embedded() {
    let collector = Collector::start().await;
    let test = async |server| an_execution_is_one_trace(server, &collector).await;
    Server::embedded(exporting(&collector.url), test).await;
}

#[tokio::test]
async fn an_execution_is_one_trace_cluster() {
    let collector = Collector::start().await;
    let test = async |server| an_execution_is_one_trace(server, &collector).await;
    // The log does not decide what is exported.
    let setup = exporting(&format!("{}/", collector.url))
        .with("LONGSHORE_LOG", "info,longshore_api::middleware=off");
    Server::cluster(setup, test).await;
}

/// The last spans wait for an hour, or for the program's end; and the service has the name that the operator gave it.
#[tokio::test]
async fn the_last_spans_are_sent_at_the_end() {
    let collector = Collector::start().await;
    let setup = exporting(&collector.url)
        .with("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .with("OTEL_SERVICE_NAME", "mine");
    let mut trace = String::new();
    let test = async |server: Server| {
        trace = run(&server, None).await;
        assert!(collector.spans().is_empty());
        server
    };
    Server::embedded(setup, test).await;
    let last = collector.span(&trace, "execution").await;
    assert_eq!(last.service, "mine");
}

/// A collector that is not there, or says nothing, changes nothing, and is told of once.
async fn nothing_needs_the_collector(server: Server) -> Server {
    for _ in 0..5 {
        run(&server, None).await;
    }
    let told = "the collector does not take spans";
    for program in programs(&server) {
        eventually(told, async || program.output().contains(told)).await;
    }
    run(&server, None).await;
    for program in programs(&server) {
        assert_eq!(
            program.output().matches(told).count(),
            1,
            "{}",
            program.output()
        );
    }
    server
}

async fn without_a_collector(of: impl AsyncFn(Setup)) {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = format!("http://{}", mute.local_addr().unwrap());
    let closed = "http://127.0.0.1:1".to_owned();
    for address in [mute, closed] {
        let begun = Instant::now();
        of(exporting(&address).with("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")).await;
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it slows nothing down"
        );
    }
}

#[tokio::test]
async fn nothing_needs_the_collector_embedded() {
    without_a_collector(async |setup| Server::embedded(setup, nothing_needs_the_collector).await)
        .await;
}

#[tokio::test]
async fn nothing_needs_the_collector_cluster() {
    without_a_collector(async |setup| Server::cluster(setup, nothing_needs_the_collector).await)
        .await;
}
