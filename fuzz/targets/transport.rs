//! See `mpegts::foreign::transport`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mpegts::foreign::transport(bytes));
