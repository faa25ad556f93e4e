//! See `ingest::foreign::guide`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::guide(bytes));
