//! See `tubesock_fuzz::operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::operations::check(bytes));
