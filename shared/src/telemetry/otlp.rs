//! Spans to a collector, as OTLP over HTTP: in batches, from a thread of their own. What the collector does not take is
//! dropped: it delays nothing and fails nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::Key;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use tracing::{info, warn};

use crate::config::InvalidSetting;
use crate::tls;

/// Gathers spans for the collector. The bounds of its queue (2,048 spans) and batches, the sampler, further headers and
/// the timeout are the SDK's own and read by it from the environment.
pub(super) fn provider(
    endpoint: &str,
    service: &'static str,
) -> Result<SdkTracerProvider, InvalidSetting> {
    check(endpoint).map_err(|reason| InvalidSetting::new("--otlp-endpoint", reason))?;
    tls::choose(); // Its client wants one also where it speaks without.
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(|_| {
            // Its own message may repeat the headers.
            InvalidSetting::new(
                "--otlp-endpoint",
                "one of the variables OTEL_EXPORTER_OTLP_* cannot be used",
            )
        })?;
    Ok(SdkTracerProvider::builder()
        .with_resource(resource(service))
        .with_batch_exporter(Watched {
            exporter,
            outage: AtomicBool::new(false),
        })
        .build())
}

/// An address without TLS, as of a collector beside the program. Looked at here and not where arguments are parsed, whose
/// errors repeat the value: it may hold what is secret.
fn check(endpoint: &str) -> Result<(), &'static str> {
    const WANTED: &str = "an address like http://127.0.0.1:4318 is needed";
    let rest = endpoint
        .strip_prefix("http://")
        .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_graphic()))
        .filter(|rest| !rest.contains(['@', '?', '#']))
        .ok_or(WANTED)?;
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "4318"),
    };
    let works = !host.is_empty() && port.parse::<u16>().is_ok();
    works.then_some(()).ok_or(WANTED)
}

/// What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say, and the program's own name where they say none.
fn resource(service: &'static str) -> Resource {
    let detected = Resource::builder().build();
    let named = detected
        .get(&Key::new("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if named {
        detected
    } else {
        Resource::builder().with_service_name(service).build()
    }
}

/// Logs the begin and the end of an outage, not every batch in it.
#[derive(Debug)]
struct Watched {
    exporter: SpanExporter,
    outage: AtomicBool,
}

impl opentelemetry_sdk::trace::SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        match (
            &exported,
            self.outage.swap(exported.is_err(), Ordering::Relaxed),
        ) {
            (Err(error), false) => {
                warn!(%error, "the collector does not take spans; they are dropped until it does")
            }
            (Ok(()), true) => info!("the collector takes spans again"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_http_address() {
        for good in [
            "http://127.0.0.1:4318",
            "http://collector/otlp/",
            "http://[::1]:80",
            "http://[::1]",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "collector:4318",
            "https://collector",
            "http://",
            "http://:4318",
            "http://collector:port",
            "http://a b",
            "http://me:secret@collector",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
