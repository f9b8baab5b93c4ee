//! See `tubesock_fuzz::client_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::client_stream::check(bytes));
