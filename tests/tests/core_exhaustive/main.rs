//! Everything there is, where that can be counted: the first two bytes of a frame, close codes,
//! and the shortest texts.

mod close_codes;
mod first_two_bytes;
mod short_texts;
