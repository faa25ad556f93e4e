//! See `relay::foreign::rewrite`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| relay::foreign::rewrite(bytes));
