//! See `tubesock_fuzz::deadlines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::deadlines::check(bytes));
