#!/usr/bin/env bash
# modes: ci full
# Python `websockets` and Node `ws` clients against our echo server.
set -euo pipefail
. tests/stages/lib.sh

tests/peers/setup.sh
say "building the echo server"
cargo build --release -p tubesock-std --example echo

for flags in "" --stream; do
    say "websockets and ws clients against: echo $flags"
    log=target/stages/30-peers-echo.log
    # shellcheck disable=SC2086  # no flag is no argument
    start_server "$log" "$(release_dir)/examples/echo" 127.0.0.1:0 --log $flags
    timeout 120 target/venv/bin/python tests/peers/client.py "ws://$ADDRESS" --server-log "$log"
    timeout 120 node tests/peers/client.mjs "ws://$ADDRESS" --server-log "$log"
    stop_server
done
