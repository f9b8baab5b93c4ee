#!/usr/bin/env bash
# tests/bench.sh [codec|instructions|echo|latency|many|idle|growth|broadcast]...   prints tables in Markdown; without names, all.
#
# ROUNDS (7) and MILLISECONDS (300) say how long each server is measured. Servers run on the first core and the load generator
# on the second, all servers in rotation; compare ratios, not figures of two runs. `instructions` needs valgrind and repeats
# exactly; `idle`, `growth` and `broadcast` need thousands of descriptors. The plots go to tests/bench/*.svg.
#
# uWebSockets is not on crates.io, and wtx asks for a newer Rust: both are left out.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target/bench}
CARGO_TARGET_DIR=$target cargo build --quiet --release --locked --manifest-path tests/bench/Cargo.toml
bin=$target/release
ulimit -n "$(ulimit -Hn)"
echo "Machine: $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), ulimit -n $(ulimit -n), $(rustc --version)"

[ $# -gt 0 ] || set -- codec instructions echo latency many idle growth broadcast
for table in "$@"; do
    case $table in
        codec)
            "$bin/codec" nanoseconds
            "$bin/codec" mask
            ;;
        instructions)
            command -v valgrind >/dev/null || { echo "error: install valgrind for exact instruction counts" >&2; exit 1; }
            "$bin/instructions"
            ;;
        echo | latency | many | growth | broadcast) "$bin/report" "$table" "${ROUNDS:-7}" "${MILLISECONDS:-300}" ;;
        idle) "$bin/report" idle 5000 ;;
        *) echo "error: there is no table called $table; see the head of $0" >&2; exit 2 ;;
    esac
done
