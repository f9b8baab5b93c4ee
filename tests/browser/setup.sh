#!/usr/bin/env bash
# Installs Debian's Chromium, a font for emoji, and playwright-core below target/node-browser. Does nothing when they are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

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
    (cd "$modules" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error)
    cp tests/browser/package-lock.json "$modules/installed.json"
fi
