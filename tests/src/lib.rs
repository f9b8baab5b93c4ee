//! The simulator and other means of the tests.
