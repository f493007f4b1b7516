//! What is logged, and what is exported; neither decides about the other.

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, FilterFn, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::registry::LookupSpan;

/// What the setting asks for, except what might hold a prompt or a secret; and our spans always, since a line without
/// its ids is of little use.
pub(super) fn logged<S>(setting: &str) -> impl Filter<S> + Send + Sync + 'static
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // With the hint, which limits nothing: where one has none, every line of every library is looked at before it is dropped.
    let harmless = filter_fn(is_harmless).with_max_level_hint(LevelFilter::TRACE);
    EnvFilter::builder()
        .parse_lossy(setting)
        .and(harmless)
        .or(spans(LevelFilter::INFO))
}

/// Our spans, also those of single steps, and what our log says of them.
pub(super) fn exported<S: Subscriber>() -> impl Filter<S> + Send + Sync + 'static {
    let events = filter_fn(|it| it.is_event() && is_ours(it) && *it.level() <= LevelFilter::INFO)
        .with_max_level_hint(LevelFilter::INFO);
    FilterExt::<S>::or(spans(LevelFilter::DEBUG), events)
}

fn spans(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static> {
    filter_fn(move |it| it.is_span() && is_ours(it) && *it.level() <= level)
        .with_max_level_hint(level)
}

/// Libraries show what they carry in their finer lines: whole messages, headers, commands to the engines. So these are
/// never logged, whatever the setting says. The AMQP library logs messages that come back whole even as errors. The client
/// of a Redis Cluster warns of every attempt to reach a node that is down, which may be hundreds in a second.
fn is_harmless(it: &Metadata<'_>) -> bool {
    let most = match it.target() {
        target if target.starts_with("lapin::returned_messages") => LevelFilter::OFF,
        target if target.starts_with("redis::cluster_handling") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    is_ours(it) || *it.level() <= most
}

fn is_ours(it: &Metadata<'_>) -> bool {
    it.target().starts_with("longshore")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::{error, info, info_span, trace, warn};
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged under a setting.
    fn lines(setting: &str, log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .with_filter(logged(setting));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, log);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_line_has_its_ids_at_any_level() {
        for setting in ["warn", "longshore_shared=warn"] {
            let said = lines(setting, || {
                let _span =
                    info_span!(target: "longshore_api", "request", trace_id = "4bf9").entered();
                info!("not asked for");
                warn!("asked for");
            });
            assert_eq!(said.lines().count(), 1, "{setting}: {said}");
            assert!(
                said.contains("4bf9") && said.contains("asked for"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_no_setting_asks_for_costs_nothing() {
        let hint = Filter::<tracing_subscriber::Registry>::max_level_hint(&logged("info"));
        assert_eq!(hint, Some(LevelFilter::INFO));
        let hint = Filter::<tracing_subscriber::Registry>::max_level_hint(&logged("lapin=trace"));
        assert_eq!(hint, Some(LevelFilter::TRACE));
    }

    #[test]
    fn libraries_do_not_show_what_they_carry_nor_flood_the_log() {
        for setting in ["trace", "lapin=trace,other=trace"] {
            let said = lines(setting, || {
                trace!(target: "lapin::channel", "a message");
                trace!(target: "other", "a header");
                error!(target: "lapin::returned_messages", "a message");
                warn!(target: "redis::cluster_handling::async_connection", "refused");
                info!(target: "lapin", "connected");
            });
            assert_eq!(said.lines().count(), 1, "{setting}: {said}");
            assert!(said.contains("connected"), "{said}");
        }
    }
}
