#!/usr/bin/env bash
# modes: ci full
# What the chat promises its page, without a browser: see tests/browser/room.test.mjs.
set -euo pipefail
. tests/stages/lib.sh

tests/peers/setup.sh
say "building the chat"
cargo build --release --locked -p tubesock-std --example chat

say "talking to the chat as well-behaved pages, and as others"
CHAT_BIN=$(release_dir)/examples/chat node --test --test-concurrency=1 --test-reporter=spec tests/browser/room.test.mjs
