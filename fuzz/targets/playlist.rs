//! See `ingest::foreign::playlist`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::playlist(bytes));
