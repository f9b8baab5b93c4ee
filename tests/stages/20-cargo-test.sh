#!/usr/bin/env bash
# modes: fast ci full
# The unit, integration and documentation tests of the workspace: none needs anything installed.
set -euo pipefail
. tests/stages/lib.sh

say "cargo test --workspace --all-features"
cargo test --workspace --all-features
