//! See `ingest::foreign::date`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::date(bytes));
