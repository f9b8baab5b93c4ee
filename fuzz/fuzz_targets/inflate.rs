//! See `tubesock_fuzz::inflate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::inflate::check(bytes));
