//! The blocking driver, over `embedded_io::{Read, Write}`.
