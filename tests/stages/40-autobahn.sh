#!/usr/bin/env bash
# modes: ci full
# The Autobahn testsuite: its client against our echo server, its server against our client; every verdict as in
# tests/autobahn/expected.txt. Sections 12 and 13, compression, take minutes: they are asked for with EXTRA_CASES="12.* 13.*".
set -euo pipefail
. tests/stages/lib.sh

options=(--cases "1.* 2.* 3.* 4.* 5.* 6.* 7.* 9.* 10.* ${EXTRA_CASES:-}" --timeout "${AUTOBAHN_SECONDS:-180}")

say "building the echo server and the client under test"
cargo build --release -p tubesock-std --example echo
cargo build --release -p tubesock-tests --bin autobahn-client

bin=$(release_dir)
failed=0
tests/autobahn/run.py server --name echo "${options[@]}" -- "$bin/examples/echo" 127.0.0.1:0 || failed=1
tests/autobahn/run.py server --name echo-stream "${options[@]}" -- "$bin/examples/echo" 127.0.0.1:0 --stream || failed=1
tests/autobahn/run.py client --name client "${options[@]}" -- "$bin/autobahn-client" || failed=1
exit $failed
