#!/usr/bin/env bash
# modes: ci full
# The chat in Debian's Chromium: see tests/browser/chat.test.mjs. Screenshots go to target/screenshots.
set -euo pipefail
. tests/stages/lib.sh

tests/browser/setup.sh
say "building the chat"
cargo build --release --locked -p tubesock-std --example chat

say "talking in Chromium"
CHAT_BIN=$(release_dir)/examples/chat node --test --test-concurrency=1 --test-reporter=spec tests/browser/chat.test.mjs
