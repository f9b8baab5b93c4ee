//! What the tests share: a wire format written a second time from the RFC, endpoints over it, a
//! simulator of two of them, and a grammar of handshakes that must be refused.
//!
//! Nothing here but [`raw`] has a socket or a clock, and everything random comes from a seed.

pub mod endpoint;
pub mod frames;
pub mod mistakes;
pub mod model;
pub mod oracle;
pub mod pair;
pub mod random;
pub mod raw;
pub mod script;
