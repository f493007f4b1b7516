//! Cursors and ids that clients give back.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    longshore_shared::fuzzing::cursor(bytes);
    longshore_api::fuzzing::cursor(bytes);
});
