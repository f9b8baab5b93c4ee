//! WebSocket on embassy-net.
#![no_std]
