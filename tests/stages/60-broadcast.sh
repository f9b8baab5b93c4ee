#!/usr/bin/env bash
# modes: ci full
# A broadcast to 500 connections, a tenth of which stop reading: the others get it within 50 ms at p99. Prints that figure beside the one of a
# run in which all read.
set -euo pipefail
. tests/stages/lib.sh

say "a broadcast to 500 connections, none and 50 of them stalled"
run() {
    BROADCAST_P99_MS=50 cargo test --release --quiet -p tubesock-tests --test std_broadcast -- --nocapture
}
# A busy machine may spoil one run; a defect spoils three.
for attempt in 1 2 3; do
    run && exit 0
    say "attempt $attempt failed"
done
die "a broadcast took longer than 50 ms at p99, or failed otherwise, three times: see above"
