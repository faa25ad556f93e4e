//! See `download::foreign::title`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| download::foreign::title(bytes));
