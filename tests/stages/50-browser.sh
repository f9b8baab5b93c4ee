#!/usr/bin/env bash
# modes: ci full
# The chat in Debian's Chromium: see tests/browser/chat.test.mjs. Screenshots go to target/screenshots.
set -euo pipefail

tests/browser/setup.sh

echo "Building the chat."
cargo build --release --locked -p tubesock-std --example chat

echo "Talking in Chromium."
node --test --test-concurrency=1 --test-reporter=spec tests/browser/chat.test.mjs
