//! See `tubesock_fuzz::server_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::server_stream::check(bytes));
