//! Large receive buffers, which connections have only while bytes come.
//!
//! Freed, they would leave holes: with a thread per connection the allocator
//! keeps what lies between small pieces that live on. Lent from here, as many
//! exist as connections are busy at one time.

use std::sync::{Mutex, PoisonError};

/// Buffers that nobody has at the moment.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Vec<u8>>>);

/// More of them are given back to the allocator.
const MOST: usize = 64;

impl Pool {
    /// A buffer of `len` bytes, with anything in it.
    pub(crate) fn take(&self, len: usize) -> Vec<u8> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match spare {
            Some(spare) if spare.len() == len => spare,
            _ => vec![0; len],
        }
    }

    pub(crate) fn give(&self, buffer: Vec<u8>) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST {
            spare.push(buffer);
        }
    }
}
