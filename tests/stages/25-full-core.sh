#!/usr/bin/env bash
# modes: full
# What of the core's tests takes minutes: messages of 4 GiB, and chance at length.
set -euo pipefail
. tests/stages/lib.sh

say "four messages of 4 GiB through buffers of 64 KiB"
cargo test --release -p tubesock-tests --test core_large -- --ignored
say "a hundred thousand cases of each property"
PROPTEST_CASES=100000 cargo test --release -p tubesock-tests --test core_properties
