#!/usr/bin/env bash
# modes: ci full
# The Autobahn testsuite's sections 12 and 13, compression, against our echo server and our client. All 216 cases take a
# quarter of an hour each way, most of it the suite's own time: CI runs the 108 with messages of up to 16 KiB.
set -euo pipefail
. tests/stages/lib.sh

if [ "${MODE:-ci}" = full ]; then
    cases="12.* 13.*" seconds=1400
else
    # One by one, since the suite takes a pattern's `*` for the rest of any number: 12.*.1 would have 12.1.10 in it.
    cases=$(for section in 12.{1..5} 13.{1..7}; do echo "$section".{1,2,3,4,5,6,7,11,12}; done | tr '\n' ' ')
    seconds=600
fi

say "building the echo server and the client under test"
cargo build --release -p tubesock-std --example echo
cargo build --release -p tubesock-tests --bin autobahn-client

bin=$(release_dir)
options=(--cases "$cases" --timeout "${AUTOBAHN_SECONDS:-$seconds}")
failed=0
# At the same time: each is one thread of the suite's and little of ours.
tests/autobahn/setup.sh
tests/autobahn/run.py client --name client-deflate "${options[@]}" -- "$bin/autobahn-client" &
client=$!
tests/autobahn/run.py server --name echo-deflate "${options[@]}" -- "$bin/examples/echo" 127.0.0.1:0 --deflate || failed=1
wait "$client" || failed=1
exit $failed
