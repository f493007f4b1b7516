//! The document says what the router serves, and the committed copy says the same.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser as _;

use super::*;
use crate::config::Cli;

/// What is for people, and no part of the API.
const PAGES: [&str; 6] = [
    "/docs",
    "/docs/",
    "/docs/{file}",
    "/console",
    "/console/",
    "/console/{file}",
];

fn settings(args: &[&str]) -> ApiSettings {
    Cli::parse_from([&["longshore-api"], args].concat()).api
}

/// `METHOD /path` of every `.route(…)` of the router's page.
fn routed() -> BTreeSet<String> {
    let page = include_str!("../router.rs");
    let (before, rest) = page.split_once("let claude = ").expect("the API proper");
    let (nested, after) = rest.split_once(";\n").expect("its end");
    let mut all = BTreeSet::new();
    for (prefix, part) in [("/api/v1/claude", nested), ("", before), ("", after)] {
        for route in part.split(".route(").skip(1) {
            let path = route.split('"').nth(1).expect("a path");
            let handlers = route.split('"').nth(2).expect("handlers");
            let handlers = handlers.split("\n        .").next().unwrap_or_default();
            for method in ["get", "post", "delete"] {
                if handlers.contains(&format!("{method}(")) && !PAGES.contains(&path) {
                    all.insert(format!("{} {prefix}{path}", method.to_uppercase()));
                }
            }
        }
    }
    all
}

fn described(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

#[test]
fn every_route_is_described_and_no_other() {
    let routed = routed();
    assert!(routed.contains("POST /api/v1/claude/execute"), "{routed:?}");
    assert!(routed.contains("GET /healthz"), "{routed:?}");
    assert_eq!(described(&document(&settings(&[]))), routed);
}

/// `make api-docs` writes it. Values are compared, since the order of keys is nobody's promise.
#[test]
fn the_committed_document_is_this_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api/openapi.yaml");
    let document = document(&settings(&[]));
    #[expect(clippy::disallowed_methods, reason = "it is this test's own setting")]
    if std::env::var("LONGSHORE_WRITE_OPENAPI").as_deref() == Ok("1") {
        std::fs::write(&file, yaml_serde::to_string(&document).unwrap()).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let committed: Value = yaml_serde::from_str(&text).unwrap();
    assert!(
        committed == document,
        "docs/api/openapi.yaml is not what is served; make api-docs writes it"
    );
}

#[test]
fn the_servers_own_limits_are_in_it() {
    let args = [
        "--max-execution-timeout=2h",
        "--allowed-tools=Read,Edit",
        "--rate-limit=0",
    ];
    let document = document(&settings(&args));
    assert!(!document.to_string().contains("x-ratelimit-"));
    let fields = &document["components"]["schemas"]["ExecuteRequest"]["properties"];
    assert_eq!(fields["timeout_seconds"]["maximum"], 7200);
    assert_eq!(fields["tools"]["items"]["enum"], json!(["Read", "Edit"]));
}

#[test]
fn every_error_that_is_shared_is_referred_to() {
    let document = document(&settings(&[]));
    let text = document.to_string();
    let shared = document["components"]["responses"].as_object().unwrap();
    assert!(shared.contains_key("Error401"));
    for name in shared.keys() {
        let reference = format!("\"#/components/responses/{name}\"");
        assert!(text.contains(&reference), "nothing refers to {name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(&settings(&[]));
    let mut left = vec![&document];
    let mut references = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => left.extend(members.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let to = reference.trim_start_matches('#');
            assert!(document.pointer(to).is_some(), "{reference} leads nowhere");
            references += 1;
        }
    }
    assert!(references > 50);
}
