//! See `tubesock_fuzz::compressed_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::compressed_stream::check(bytes));
