//! See `ingest::foreign::panel`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::panel(bytes));
