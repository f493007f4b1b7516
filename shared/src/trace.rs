//! Trace context, as W3C Trace Context writes it: which trace something belongs to, and what in it came before.

use std::fmt;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

/// The header of HTTP requests and of AMQP messages that carries it.
pub const TRACEPARENT: &str = "traceparent";

/// A place in a trace; shown as a `traceparent`. Its ids are never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

/// The one flag that means something: the caller keeps this trace.
const SAMPLED: u8 = 1;

impl TraceContext {
    /// Reads `{version}-{trace id}-{parent id}-{flags}`, as in W3C Trace Context, section 3.2; nothing where that is not
    /// well formed.
    #[must_use]
    pub fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let version = hex(parts.next()?, 2)?;
        let context = Self {
            trace_id: hex(parts.next()?, 32)?,
            span_id: u64::try_from(hex(parts.next()?, 16)?).ok()?,
            flags: u8::try_from(hex(parts.next()?, 2)?).ok()?,
        };
        // Version 00 has exactly four parts; later ones may have more.
        let whole = version != 0 || parts.next().is_none();
        let valid = version != 0xff && context.trace_id != 0 && context.span_id != 0;
        (whole && valid).then_some(context)
    }

    /// A trace that begins here. It counts as kept, so that whoever exports further on does.
    #[must_use]
    pub fn generate() -> Self {
        Self::within(Uuid::new_v4().as_u128())
    }

    /// A place in a trace of which only the id is known, as 32 hex digits; a new trace where that is none.
    #[must_use]
    pub fn of_trace(trace_id: &str) -> Self {
        let known = hex(trace_id, 32).filter(|id| *id != 0);
        known.map_or_else(Self::generate, Self::within)
    }

    fn within(trace_id: u128) -> Self {
        // The second half of a random UUID has fixed bits that are set.
        let (_, span_id) = Uuid::new_v4().as_u64_pair();
        Self {
            trace_id,
            span_id,
            flags: SAMPLED,
        }
    }

    /// The trace's id: 32 lower-case hex digits.
    #[must_use]
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// Where a span stands that is exported; nothing where no spans are.
    #[must_use]
    pub fn of(span: &Span) -> Option<Self> {
        let context = span.context();
        let context = context.span().span_context().clone();
        context.is_valid().then(|| Self {
            trace_id: u128::from_be_bytes(context.trace_id().to_bytes()),
            span_id: u64::from_be_bytes(context.span_id().to_bytes()),
            flags: context.trace_flags().to_u8(),
        })
    }

    /// Makes a span follow this place. It must be new: one that has been asked for its own place stays there.
    pub fn leads_to(self, span: &Span) {
        let context = SpanContext::new(
            TraceId::from(self.trace_id),
            SpanId::from(self.span_id),
            TraceFlags::new(self.flags),
            true,
            TraceState::default(),
        );
        let context = opentelemetry::Context::new().with_remote_span_context(context);
        // Fails where no spans are exported, and then there is nothing to place.
        let _ = span.set_parent(context);
    }
}

/// Places a new span, which has an empty field `trace_id`, behind its caller, and tells where it stands. Where spans are
/// not exported that is the caller's own place, or the begin of a new trace.
pub fn place(span: &Span, caller: Option<TraceContext>) -> TraceContext {
    if let Some(caller) = caller {
        caller.leads_to(span);
    }
    let own = TraceContext::of(span)
        .or(caller)
        .unwrap_or_else(TraceContext::generate);
    span.record("trace_id", own.trace_id());
    own
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace_id,
            span_id,
            flags,
        } = self;
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{flags:02x}")
    }
}

/// A number of so many lower-case digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let well_formed = text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    well_formed
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn only_what_is_well_formed_is_read() {
        for good in [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(TraceContext::parse(good).unwrap().trace_id(), ID, "{good}");
        }
        for bad in [
            "",
            "00-x-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let given = "00-0af7651916cd43dd8448eb211c80319c-00ad6b7169203331-00";
        let context = TraceContext::parse(given).unwrap();
        assert_eq!(context.to_string(), given);
        let new = TraceContext::generate();
        assert_eq!(TraceContext::parse(&new.to_string()), Some(new));
        assert_ne!(new.trace_id, TraceContext::generate().trace_id);
    }

    #[test]
    fn a_trace_of_which_only_the_id_is_known_keeps_it() {
        assert_eq!(TraceContext::of_trace(ID).trace_id(), ID);
        let zero = "0".repeat(32);
        assert_ne!(TraceContext::of_trace(&zero).trace_id(), zero);
    }
}
