#!/usr/bin/env bash
# modes: ci full
# permessage-deflate with real peers, in each direction that they have: Python `websockets` and Node `ws` as clients and as
# servers, Chromium as a client; at window bits 9, 12 and 15, with context takeover and without.
set -euo pipefail
. tests/stages/lib.sh

tests/peers/setup.sh
tests/browser/setup.sh
say "building the echo server"
cargo build --release -p tubesock-std --example echo

for bits in 9 12 15; do
    for takeover in "" --no-takeover; do
        flags="--deflate --window-bits $bits $takeover"
        say "websockets, ws and Chromium against: echo $flags"
        log=target/stages/46-peers-deflate-echo.log
        # shellcheck disable=SC2086  # no flag is no argument
        start_server "$log" "$(release_dir)/examples/echo" 127.0.0.1:0 --log $flags
        # shellcheck disable=SC2086
        timeout 120 target/venv/bin/python tests/peers/client.py "ws://$ADDRESS" --server-log "$log" $flags
        # shellcheck disable=SC2086
        timeout 120 node tests/peers/client.mjs "ws://$ADDRESS" --server-log "$log" $flags
        ECHO_URL=ws://$ADDRESS BITS=$bits TAKEOVER=$([ -n "$takeover" ] || echo yes) \
            timeout 120 node --test --test-reporter=spec tests/browser/deflate.test.mjs
        stop_server
    done
done

say "our client against websockets and ws servers"
timeout 300 cargo test -p tubesock-tests --test peers_deflate -- --ignored
