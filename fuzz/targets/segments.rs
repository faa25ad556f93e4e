//! See `mpegts::foreign::segments`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mpegts::foreign::segments(bytes));
