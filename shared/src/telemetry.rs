//! Logs and traces. Logs go to stderr, as text for people or JSON for machines; spans go to a collector, where there is
//! one. Never a prompt, a token or a secret in either.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{InvalidSetting, LogFormat, LogSettings};

mod filter;
mod otlp;

/// How long the last spans may take to reach the collector when a program ends.
const FLUSH: Duration = Duration::from_secs(3);

/// Keeps telemetry going. Dropped, it hands over the last spans, which takes 3 s at most.
#[must_use = "what is not kept ends at once"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.provider {
            // What does not get through is lost; the exporter has said so.
            let _ = provider.shutdown_with_timeout(FLUSH);
        }
    }
}

/// Starts logs and, where a collector is named, traces for the process; a second call changes nothing.
/// `service` is what traces call the program, unless the environment says otherwise.
///
/// # Errors
/// When the collector's address, or its settings in the environment, cannot be used.
pub fn init(settings: &LogSettings, service: &'static str) -> Result<Telemetry, InvalidSetting> {
    let provider = match settings.otlp_endpoint.as_str() {
        "" => None,
        endpoint => Some(otlp::provider(endpoint, service)?),
    };
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("longshore"))
            .with_context_activation(false) // Contexts are handed on by spans alone.
            .with_tracked_inactivity(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_filter(filter::exported())
    });
    let started = tracing_subscriber::registry()
        .with(spans)
        .with(logs(settings))
        .try_init();
    match started {
        Ok(()) => Ok(Telemetry { provider }),
        // Already started, by the program that has both API and worker in it.
        Err(_) => Ok(Telemetry { provider: None }),
    }
}

/// Each line with the fields of its spans, whatever is logged; the innermost is the last of `spans`, and is said once.
fn logs<S>(settings: &LogSettings) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let json = match settings.log_format {
        Some(format) => format == LogFormat::Json,
        None => !std::io::stderr().is_terminal(),
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let filter = filter::logged(&settings.log);
    if json {
        layer
            .json()
            .with_current_span(false)
            .with_filter(filter)
            .boxed()
    } else {
        layer.with_filter(filter).boxed()
    }
}
