#!/usr/bin/env bash
# Installs the peers: Python `websockets` into target/venv, Node `ws` into target/node, at the versions pinned here.
# Does nothing when they are there and none of these files has changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../target
. "$here/../stages/lib.sh"

stamp=$(stamp_of "$here"/{setup.sh,requirements.txt})
if [ "$(cat "$target/venv/installed" 2>/dev/null || true)" != "$stamp" ]; then
    say "installing Python websockets into target/venv"
    need_venv
    rm -rf "$target/venv"
    python3 -m venv "$target/venv"
    "$target/venv/bin/pip" -q install -r "$here/requirements.txt"
    echo "$stamp" > "$target/venv/installed"
fi

stamp=$(stamp_of "$here"/{setup.sh,package.json,package-lock.json})
if [ "$(cat "$target/node/installed" 2>/dev/null || true)" != "$stamp" ]; then
    say "installing Node ws into target/node"
    need node nodejs
    need npm npm
    rm -rf "$target/node"
    mkdir -p "$target/node"
    cp "$here"/package*.json "$target/node/"
    (cd "$target/node" && npm ci --silent --no-audit --no-fund)
    echo "$stamp" > "$target/node/installed"
fi
