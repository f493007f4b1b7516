//! What the CLI prints.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| longshore_worker::fuzzing::stream_json(bytes));
