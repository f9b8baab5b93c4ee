//! See `tubesock_fuzz::compressed_operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::compressed_operations::check(bytes));
