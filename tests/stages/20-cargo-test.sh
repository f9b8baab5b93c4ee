#!/usr/bin/env bash
# modes: fast ci full
# The unit, integration and documentation tests of the workspace: none needs anything installed.
set -euo pipefail
. tests/stages/lib.sh

# All features but `defmt`, which links only with the logger of a firmware image; those images are built by other stages.
features=tubesock-core/deflate,tubesock-core/embedded-io,tubesock-core/embedded-io-async,tubesock-core/simd,tubesock-core/simdutf8
features+=,tubesock-std/hyper,tubesock-std/rouille,tubesock-std/tiny_http,tubesock-std/zlib
features+=,tubesock-embassy/edge-http,tubesock-embassy/log,tubesock-embassy/picoserve

say "cargo test --workspace, with every feature but defmt"
cargo test --workspace --features "$features"
