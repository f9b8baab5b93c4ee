//! See `tubesock_fuzz::utf8`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::utf8::check(bytes));
