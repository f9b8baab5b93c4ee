#!/usr/bin/env bash
# modes: ci full
# One room over two chat processes and Debian's redis-server, which is stopped and started: see tests/browser/redis.test.mjs.
set -euo pipefail
. tests/stages/lib.sh

need redis-server redis-server
tests/peers/setup.sh
tests/browser/setup.sh
say "building the chat"
cargo build --release --locked -p tubesock-std --example chat

say "talking over Redis"
CHAT_BIN=$(release_dir)/examples/chat node --test --test-concurrency=1 --test-reporter=spec tests/browser/redis.test.mjs
