//! Properties of the core, for inputs that chance chooses: against a naive oracle, any bytes in
//! any pieces; and any operations on two joined endpoints give the same messages and the same ends.
//!
//! `PROPTEST_CASES=100000` makes it look longer.

mod any_bytes;
mod any_operations;

/// The number of cases, unless the environment says otherwise.
fn config(cases: u32) -> proptest::test_runner::Config {
    let default = proptest::test_runner::Config::default();
    let wanted = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    proptest::test_runner::Config { cases: wanted, failure_persistence: None, ..default }
}
