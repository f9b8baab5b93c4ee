#!/usr/bin/env bash
# modes: ci full
# Our client against Python `websockets`, Node `ws` and `tungstenite` servers; `tungstenite`, `fastwebsockets` and Chromium
# against our echo server. 30-peers.sh has the Python and Node clients.
set -euo pipefail
. tests/stages/lib.sh

tests/peers/setup.sh
tests/browser/setup.sh

say "building the Rust peers, a workspace of their own"
export PEERS_RS=$PWD/target/peers-rs/release
CARGO_TARGET_DIR=target/peers-rs cargo build --release --locked --manifest-path tests/peers-rs/Cargo.toml

say "our client against websockets, ws and tungstenite servers"
timeout 300 cargo test -p tubesock-tests --test peers_client -- --ignored

say "building the echo server"
cargo build --release -p tubesock-std --example echo

for flags in "" --stream; do
    log=target/stages/35-peers-client-echo.log
    # shellcheck disable=SC2086  # no flag is no argument
    start_server "$log" "$(release_dir)/examples/echo" 127.0.0.1:0 --log $flags
    # These write a message whole before they read: what is streamed back meanwhile must fit into the sockets' buffers.
    largest=$([ -n "$flags" ] && echo $((1 << 20)) || echo $((16 << 20)))
    for client in tungstenite fastwebsockets; do
        say "$client client against: echo $flags"
        timeout 120 "$PEERS_RS/$client-client" "ws://$ADDRESS" "$log" "$largest"
    done
    say "Chromium against: echo $flags"
    ECHO_URL=ws://$ADDRESS ECHO_LOG=$log timeout 120 node --test --test-reporter=spec tests/browser/peer.test.mjs
    stop_server
done
