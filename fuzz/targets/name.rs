//! See `ingest::foreign::name`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::name(bytes));
