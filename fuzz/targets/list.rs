//! See `download::foreign::list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| download::foreign::list(bytes));
