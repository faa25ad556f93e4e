//! See `ingest::foreign::address`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ingest::foreign::address(bytes));
