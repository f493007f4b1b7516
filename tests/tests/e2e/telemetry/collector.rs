//! A collector of spans, as OpenTelemetry's own takes them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;
use tests::process::eventually;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What is known of a span here. Ids are in hex.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
}

type Spans = Arc<Mutex<Vec<Span>>>;

/// Keeps what it is sent.
pub(super) struct Collector {
    pub(super) url: String,
    spans: Spans,
    _serving: AbortOnDropHandle<()>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Spans::default();
        let routes = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&spans));
        let serving = async move { axum::serve(listener, routes).await.unwrap() };
        Self {
            url,
            spans,
            _serving: AbortOnDropHandle::new(tokio::spawn(serving)),
        }
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }

    /// The one span of that name in a trace; waits for it.
    pub(super) async fn span(&self, trace: &str, name: &str) -> Span {
        let find = || {
            let all = self.spans();
            all.into_iter()
                .find(|span| span.trace == trace && span.name == name)
        };
        eventually(&format!("span {name} of {trace}"), async || {
            find().is_some()
        })
        .await;
        find().unwrap()
    }
}

async fn take(State(spans): State<Spans>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for of_one in request.resource_spans {
        let attributes = of_one.resource.unwrap().attributes;
        let service = attributes.iter().find(|it| it.key == "service.name");
        let service = service.and_then(|it| it.value.clone()?.value);
        let Some(Value::StringValue(service)) = service else {
            panic!("no name of a service: {attributes:?}");
        };
        let all = of_one.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.lock().unwrap().extend(all.map(|span| Span {
            service: service.clone(),
            name: span.name,
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
        }));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
