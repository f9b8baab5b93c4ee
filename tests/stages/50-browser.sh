#!/usr/bin/env bash
# modes: ci full
# The chat in Debian's Chromium: see tests/browser/chat.test.mjs. Screenshots go to target/screenshots.
set -euo pipefail

if [ ! -x /usr/bin/chromium ]; then
    echo "Installing chromium, and a font for emoji, with apt."
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji fonts-inter >/dev/null
fi

modules=target/node-browser
if ! cmp -s tests/browser/package-lock.json "$modules/installed.json"; then
    echo "Installing playwright-core below $modules with npm."
    mkdir -p "$modules"
    cp tests/browser/package.json tests/browser/package-lock.json "$modules/"
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix "$modules" --no-audit --no-fund --loglevel=error
    cp tests/browser/package-lock.json "$modules/installed.json"
fi

echo "Building the chat."
cargo build --release --locked -p tubesock-std --example chat

echo "Talking in Chromium."
node --test --test-concurrency=1 --test-reporter=spec tests/browser/chat.test.mjs
