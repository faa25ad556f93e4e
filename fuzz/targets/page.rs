//! See `ingest::foreign::page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::page(bytes));
