//! See `tubesock_fuzz::negotiation`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tubesock_fuzz::negotiation::check(bytes));
