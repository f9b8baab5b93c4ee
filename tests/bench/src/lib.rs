//! Benchmarks of tubesock beside its peers: what a codec costs, and what an echo costs.
#![forbid(unsafe_code)]

pub mod codec;
pub mod frames;
pub mod load;
pub mod plot;
