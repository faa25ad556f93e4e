//! See `download::foreign::container`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| download::foreign::container(bytes));
