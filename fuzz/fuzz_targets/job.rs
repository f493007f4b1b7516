//! Messages of the queue.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| longshore_shared::fuzzing::job(bytes));
