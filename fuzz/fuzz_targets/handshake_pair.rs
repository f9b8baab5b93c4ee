//! See `tubesock_fuzz::handshake_pair`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::handshake_pair::check(bytes));
