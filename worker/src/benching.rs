//! What the benchmarks measure that is not public.

/// Looks at a line as a worker does; whether it is one.
#[must_use]
pub fn peek(line: &str) -> bool {
    crate::stream_json::peek(line).is_ok()
}
