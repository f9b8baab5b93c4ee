//! See `tubesock_fuzz::deflate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::deflate::check(bytes));
