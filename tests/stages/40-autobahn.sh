#!/usr/bin/env bash
# modes: ci full
# The Autobahn testsuite: its client against our echo server, its server against our client; every verdict as in
# tests/autobahn/expected.txt. 12.* and 13.* (compression) can be added to EXTRA_CASES.
set -euo pipefail
. tests/stages/lib.sh

CASES="1.* 2.* 3.* 4.* 5.* 6.* 7.* 9.* 10.* ${EXTRA_CASES:-}"

say "building the echo server and the client under test"
cargo build --release -p tubesock-std --example echo
cargo build --release -p tubesock-tests --bin autobahn-client

bin=$(release_dir)
failed=0
tests/autobahn/run.py server --name echo --cases "$CASES" -- "$bin/examples/echo" 127.0.0.1:0 || failed=1
tests/autobahn/run.py server --name echo-stream --cases "$CASES" -- "$bin/examples/echo" 127.0.0.1:0 --stream || failed=1
tests/autobahn/run.py client --name client --cases "$CASES" -- "$bin/autobahn-client" || failed=1
exit $failed
