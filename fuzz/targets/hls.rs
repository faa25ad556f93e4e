//! See `relay::foreign::hls`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| relay::foreign::hls(bytes));
