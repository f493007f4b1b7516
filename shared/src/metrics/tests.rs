use super::*;

/// One test: the recorder is the process's own.
#[test]
fn what_is_measured_is_shown_with_its_meaning() {
    assert_eq!(render(), "");
    EXECUTIONS_ACCEPTED.add(1); // Before anything is installed: nobody counts.
    install(&[PROCESS, API]);
    install(&[PROCESS, API, WORKER]);
    for line in [
        "# TYPE longshore_executions_accepted_total counter",
        "longshore_executions_accepted_total 0",
        "longshore_lease_losses_total 0",
    ] {
        assert!(render().lines().any(|shown| shown == line), "{line}");
    }
    HTTP_REQUESTS.count([("method", "GET"), ("route", "/healthz"), ("status", "200")]);
    EXECUTION_DURATION.took(Duration::from_secs(3));
    SLOTS.set(4.0);
    let held = (WEBSOCKETS.hold(), WEBSOCKETS.hold());
    drop(held.0);
    let text = render();
    for line in [
        r#"longshore_http_requests_total{method="GET",route="/healthz",status="200"} 1"#,
        r#"longshore_execution_duration_seconds_bucket{le="2.5"} 0"#,
        r#"longshore_execution_duration_seconds_bucket{le="5"} 1"#,
        "longshore_slots 4",
        "longshore_websockets 1",
        "# HELP longshore_websockets Open WebSockets",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
    }
    assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
}

#[test]
fn no_two_metrics_have_one_name() {
    let all = [PROCESS, API, WORKER].concat();
    let names: std::collections::BTreeSet<_> = all.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn the_page_tells_of_every_metric_and_of_no_other() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/observability.md");
    let page = std::fs::read_to_string(page).unwrap();
    let metrics = page.split("## Metrics").nth(1).unwrap();
    let metrics = metrics.split("\n## ").next().unwrap();
    let told: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let all = [PROCESS, API, WORKER].concat();
    let rows: Vec<String> = all.iter().map(row).collect();
    assert_eq!(told, rows);
}

fn row(metric: &Metric) -> String {
    let labels: Vec<String> = metric.labels.iter().map(|it| format!("`{it}`")).collect();
    format!(
        "| `{}` | {} | {} |",
        metric.name,
        labels.join(", "),
        metric.help
    )
}
