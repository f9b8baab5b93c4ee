//! See `tubesock_fuzz::peer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::peer::check(bytes));
